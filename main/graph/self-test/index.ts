import type { Target } from '../lowering/target.ts';
import { type CompiledCase, compileOperatorCase } from './compile-case.ts';
import { constantCases } from './constant-cases.ts';
import { differentiableCases } from './differentiable-cases.ts';

/** Together they reach every row of the operator table. */
export const operatorCases = [...differentiableCases, ...constantCases];

export const compileOperatorCases = (target: Target): readonly CompiledCase[] =>
  operatorCases.map((each) => compileOperatorCase(each, target));

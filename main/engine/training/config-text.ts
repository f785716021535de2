import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../../base/nearest.ts';
import { type RunConfig, runConfig } from '../../contract/run-config.ts';
import type { Diagnostic } from '../../contract/training.ts';
import { keysAt } from './config-schema.ts';

/** What is wrong with a config, by the path of the value it is about; the text gives it a place. */
export interface Problem {
  readonly severity: Diagnostic['severity'];
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly suggestion: string;
  /** In a model file, where it is not about the config. */
  readonly place?: { readonly file: string; readonly line: number; readonly column: number };
  /** The key itself is at fault, not its value. */
  readonly unknownKey?: string;
}

export interface ParsedConfig {
  readonly config: RunConfig | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly unknownKey: boolean;
  /** Finds the place in the text of what a later check complains about. */
  locate(problem: Problem): Diagnostic;
}

/** Parses and checks the YAML of a run config (JSON is YAML as well). Every problem has its line and column, from 1. */
export function parseConfig(text: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const locate = (problem: Problem) => toDiagnostic(problem, document, lines);
  if (document.errors.length > 0) {
    const diagnostics = document.errors.map((error) => ({
      severity: 'error' as const,
      message: error.message,
      suggestion: 'Check indentation, colons and quotes.',
      path: '',
      ...range(error.pos[0], error.pos[1], lines),
    }));
    return { config: null, diagnostics, unknownKey: false, locate };
  }
  const value: unknown = document.toJS() ?? {};
  const result = runConfig.safeParse(value);
  if (result.success) return { config: result.data, diagnostics: [], unknownKey: false, locate };
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, value));
  return {
    config: null,
    diagnostics: problems.map(locate),
    unknownKey: problems.some((problem) => problem.unknownKey !== undefined),
    locate,
  };
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, config: unknown): Problem[] {
  const { path } = issue;
  const name = path.join('.');
  const error = (message: string, suggestion: string): Problem => ({ severity: 'error', path, message, suggestion });
  if (issue.code !== 'unrecognized_keys' && path.length > 0 && valueAt(config, path) === undefined) {
    const options = issue.code === 'invalid_value' ? issue.values : 'options' in issue ? issue.options : [];
    const choice = Array.isArray(options) && options.length > 0 ? `, one of ${listed(options)}` : '';
    return [error(`${name} is missing.`, `Add ${String(path.at(-1))}${choice}.`)];
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path, config);
      return issue.keys.map((key) => {
        const guess = nearest(key, known);
        return {
          severity: 'error',
          path: [...path, key],
          unknownKey: key,
          message: `Unknown key ${key}${name === '' ? '' : ` in ${name}`}.`,
          suggestion: guess === undefined ? `Known keys: ${known.join(', ')}.` : `Did you mean ${guess}?`,
        };
      });
    }
    case 'invalid_value':
      return [error(`${name} must be one of ${listed(issue.values)}.`, closest(valueAt(config, path), issue.values))];
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : allowed(issue);
      if (options.length === 0)
        return [error(`${name} is not valid.`, 'Look at the completion for what may stand here.')];
      return [error(`${name} must be one of ${listed(options)}.`, closest(valueAt(config, path), options))];
    }
    case 'invalid_type':
      return [error(`${name === '' ? 'The config' : name} must be ${article(issue.expected)}.`, 'Correct the value.')];
    case 'too_small':
      return [
        error(
          `${name} must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unit(issue)}.`,
          'Raise it.',
        ),
      ];
    case 'too_big':
      return [
        error(
          `${name} must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unit(issue)}.`,
          'Lower it.',
        ),
      ];
    default:
      return [error(`${name}: ${issue.message}.`, 'Correct the value.')];
  }
}

/** Values that any branch of a union of literals would take. */
function allowed(issue: Extract<Issue, { code: 'invalid_union' }>): unknown[] {
  return issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : [])),
  );
}

function closest(value: unknown, options: readonly unknown[]): string {
  const guess = typeof value === 'string' ? nearest(value, options.map(String)) : undefined;
  return guess === undefined ? 'Choose one of them.' : `Did you mean ${guess}?`;
}

const listed = (options: readonly unknown[]): string => options.map(String).join(', ');
const article = (type: string): string =>
  type === 'int' ? 'a whole number' : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
const unit = (issue: { readonly origin: string }): string =>
  issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' values' : '';

function valueAt(config: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step], config);
}

function toDiagnostic(problem: Problem, document: Document, lines: LineCounter): Diagnostic {
  const { severity, message, suggestion, path, place } = problem;
  if (place !== undefined) {
    const { file, line, column } = place;
    const end = { endLine: line, endColumn: column + 1 };
    return { file, severity, message, suggestion, path: path.join('.'), line, column, ...end };
  }
  const [start, end] = placeOf(problem, document);
  return { severity, message, suggestion, path: path.join('.'), ...range(start, end, lines) };
}

/** The value at the path; else the nearest thing around it that stands in the text. */
function placeOf(problem: Problem, document: Document): readonly [number, number] {
  const path = [...problem.path];
  if (problem.unknownKey !== undefined) {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const key = isMap(parent)
      ? parent.items.find(({ key: candidate }) => isScalar(candidate) && candidate.value === problem.unknownKey)?.key
      : undefined;
    if (isNode(key) && key.range) return [key.range[0], key.range[1]];
  }
  for (; path.length > 0; path.pop()) {
    const node = document.getIn(path, true);
    if (isNode(node) && node.range) return isMap(node) ? keyOf(document, path) : [node.range[0], node.range[1]];
  }
  return [0, 0];
}

/** Of a map, its key: a whole block underlined in red says less. */
function keyOf(document: Document, path: readonly PropertyKey[]): readonly [number, number] {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const key = isMap(parent)
    ? parent.items.find(({ key: candidate }) => isScalar(candidate) && candidate.value === path.at(-1))?.key
    : undefined;
  if (isNode(key) && key.range) return [key.range[0], key.range[1]];
  const node = document.getIn(path, true);
  return isNode(node) && node.range ? [node.range[0], node.range[0] + 1] : [0, 0];
}

function range(start: number, end: number, lines: LineCounter) {
  const from = lines.linePos(start);
  const to = lines.linePos(Math.max(start, end));
  return {
    line: Math.max(1, from.line),
    column: Math.max(1, from.col),
    endLine: Math.max(1, to.line),
    endColumn: Math.max(1, to.col),
  };
}

import { type Module, runAs, type Trace } from '../../graph/index.ts';

type Forwardable = ReturnType<typeof runAs>;

/** A module as it is when evaluated, in whatever pass: running statistics, no dropout, no losses or outputs of its own. */
export const settled = (module: Module | Forwardable): Forwardable =>
  runAs(module, (x, trace) => module.forward(x, asEvaluation(trace)));

const asEvaluation = (trace: Trace): Trace => ({
  graph: trace.graph,
  training: false,
  tensor: (parameter) => trace.tensor(parameter),
  updateBuffer: () => {},
  randomKey: () => trace.randomKey(),
  input: (name) => trace.input(name),
  addLoss: () => {},
  emit: () => {},
  frozen: (build) => trace.frozen(build),
  run: (name, module, x) => trace.run(name, settled(module), x),
});

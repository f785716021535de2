export type SplitName = 'train' | 'validation' | 'test';

/** What people call the parts of a dataset, in lower case. `t10k` is the test set of the MNIST files. */
const ALIASES: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  trn: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
  tst: 'test',
  t10k: 'test',
};

/** The split that a folder or a value of a split column names; undefined when it names none. */
export function splitFromName(name: string): SplitName | undefined {
  return Object.hasOwn(ALIASES, name.trim().toLowerCase()) ? ALIASES[name.trim().toLowerCase()] : undefined;
}

/** The split that a file name begins with, as in `train-images-idx3-ubyte`. */
export function splitFromPrefix(fileName: string): SplitName | undefined {
  const first = /^[a-z0-9]+/i.exec(fileName)?.[0];
  return first === undefined ? undefined : splitFromName(first);
}

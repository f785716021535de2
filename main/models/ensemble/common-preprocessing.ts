import { GraphError, type PreprocessingSpec } from '../../graph/index.ts';

type ImageSpec = Extract<PreprocessingSpec, { kind: 'image' }>;

/** What is looked at of a member: how it prepares its data, and the names of the columns of a table. */
export interface PreparedMember<Spec extends PreprocessingSpec> {
  readonly preprocessing: Spec;
  readonly columns: readonly { readonly name: string }[];
}

/**
 * What an ensemble takes: what its members take where they all take the same; otherwise raw columns, or pictures in 0 … 1
 * at their own size, which each member prepares further.
 * @throws GraphError `unsupported` where members see what cannot be made of one input
 */
export function commonPreprocessing<Spec extends PreprocessingSpec>(members: readonly PreparedMember<Spec>[]): Spec {
  const [first] = members;
  if (first === undefined) throw new GraphError('invalid-argument', 'An ensemble needs members.');
  if (prepareAlike(members)) return first.preprocessing;
  const specs = members.map(({ preprocessing }) => preprocessing);
  if (specs.every(isTable)) {
    const columns = commonColumns(members).map((name) => ({ kind: 'raw', name }) as const);
    return { ...first.preprocessing, columns };
  }
  if (specs.every(isImage)) return { ...first.preprocessing, ...commonPicture(specs as readonly ImageSpec[]) };
  throw new GraphError(
    'unsupported',
    `The members prepare their data in different ways, which members that read ${first.preprocessing.kind} cannot.`,
  );
}

/** Whether all members take the very same. */
export function prepareAlike(members: readonly PreparedMember<PreprocessingSpec>[]): boolean {
  const told = members.map(({ preprocessing, columns }) =>
    JSON.stringify([preprocessing, columns.map(({ name }) => name)]),
  );
  return told.every((each) => each === told[0]);
}

/** The columns that any member reads, those of the first member first. */
export function commonColumns(members: readonly Pick<PreparedMember<PreprocessingSpec>, 'columns'>[]): string[] {
  return [...new Set(members.flatMap(({ columns }) => columns.map(({ name }) => name)))];
}

/** Members that resize begin at the picture as it is; so its size must be known, or be the same for all. */
function commonPicture(specs: readonly ImageSpec[]): Partial<ImageSpec> {
  const plain = specs.find(({ resize }) => resize === false);
  const { height, width, sourceChannels, channels } = plain ?? (specs[0] as ImageSpec);
  if (plain === undefined && specs.some((spec) => spec.height !== height || spec.width !== width))
    throw new GraphError('unsupported', 'The members resize the pictures to different sizes.');
  const source = sourceChannels ?? channels;
  return {
    height,
    width,
    resize: plain === undefined,
    channels: source,
    mean: Array<number>(source).fill(0),
    deviation: Array<number>(source).fill(1),
  };
}

const isTable = ({ kind }: PreprocessingSpec): boolean => kind === 'table';
const isImage = ({ kind }: PreprocessingSpec): boolean => kind === 'image';

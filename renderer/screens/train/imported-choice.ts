/** What a person decides of an ONNX file that is to be fine-tuned. */
export interface ImportedChoice {
  readonly source: { readonly kind: 'file' | 'version'; readonly value: string };
  readonly head: 'new' | 'keep';
  readonly learns: 'all' | 'some' | 'none' | 'adapters';
  /** With `some`. */
  readonly patterns: readonly string[];
  /** With `adapters`. */
  readonly rank: number;
}

/** The choice as the model section of a config. */
export function modelSection({ source, head, learns, patterns, rank }: ImportedChoice): Record<string, unknown> {
  return {
    kind: 'imported',
    [source.kind]: source.value,
    head,
    ...(learns === 'some' ? { trainable: [...patterns] } : {}),
    ...(learns === 'none' ? { trainable: [] } : {}),
    ...(learns === 'adapters' ? { lora: { rank } } : {}),
  };
}

import { ProtocolError } from './protocol-error.ts';
import { fields, readJsonObject } from './request-body.ts';

/** Whole numbers and others that may be set, with what they are where nobody says. */
const parameters = {
  max_tokens: { usual: 20, from: 1, to: 512, whole: true },
  temperature: { usual: 0, from: 0, to: 2, whole: false },
  seed: { usual: 0, from: 0, to: 2 ** 31 - 1, whole: true },
  top_n_tokens: { usual: 0, from: 0, to: 20, whole: true },
} as const;

export interface GenerateRequest {
  readonly text: string;
  readonly maxTokens: number;
  /** 0 = always the likeliest token. */
  readonly temperature: number;
  readonly seed: number;
  /** How many of the likeliest tokens are told at each place. */
  readonly topTokens: number;
}

/**
 * Reads the body of `POST …/generate` and `…/generate_stream` (Open Inference Protocol, generate_rest.yaml;
 * https://github.com/kserve/open-inference-protocol). `seed` and `top_n_tokens` are those of Text Generation Inference.
 *
 * @throws ProtocolError with a sentence for the client
 */
export function readGenerateRequest(body: Uint8Array): GenerateRequest {
  const request = readJsonObject(body);
  if (typeof request.text_input !== 'string') throw new ProtocolError('The request has no text "text_input".');
  const given = fields(request.parameters);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
  if (unknown !== undefined) {
    const known = Object.keys(parameters).join(', ');
    throw new ProtocolError(`There is no parameter "${unknown}"; those that there are: ${known}.`);
  }
  const read = (name: keyof typeof parameters): number => {
    const { usual, from, to, whole } = parameters[name];
    const value = given[name] ?? usual;
    if (typeof value !== 'number' || !(value >= from && value <= to) || (whole && !Number.isInteger(value)))
      throw new ProtocolError(`"${name}" is not a ${whole ? 'whole ' : ''}number from ${from} to ${to}.`);
    return value;
  };
  return {
    text: request.text_input,
    maxTokens: read('max_tokens'),
    temperature: read('temperature'),
    seed: read('seed'),
    topTokens: read('top_n_tokens'),
  };
}

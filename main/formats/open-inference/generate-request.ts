import { ProtocolError } from './protocol-error.ts';
import { fields, readJsonObject } from './request-body.ts';

/** Whole numbers and others that may be set, with what they are where nobody says. */
const parameters = {
  max_tokens: { usual: 20, from: 1, to: 512, whole: true },
  temperature: { usual: 0, from: 0, to: 2, whole: false },
  top_p: { usual: 1, from: 0, to: 1, whole: false },
  top_k: { usual: 0, from: 0, to: 2 ** 31 - 1, whole: true },
  seed: { usual: 0, from: 0, to: 2 ** 31 - 1, whole: true },
  top_n_tokens: { usual: 0, from: 0, to: 20, whole: true },
} as const;
const KNOWN = [...Object.keys(parameters), 'stop'];

/** Texts to stop at, and characters of each. */
const MOST_STOPS = 5;
const LONGEST_STOP = 200;

export interface GenerateRequest {
  readonly text: string;
  readonly maxTokens: number;
  /** 0 = always the likeliest token. */
  readonly temperature: number;
  /** Only the likeliest tokens that have this much probability together are drawn from, the likeliest one always; 1 = all. */
  readonly topP: number;
  /** Only so many of the likeliest tokens are drawn from; 0 = all. */
  readonly topK: number;
  readonly seed: number;
  /** How many of the likeliest tokens are told at each place. */
  readonly topTokens: number;
  /** The text ends before the first of these. */
  readonly stop: readonly string[];
}

/**
 * Reads the body of `POST …/generate` and `…/generate_stream` (Open Inference Protocol, generate_rest.yaml;
 * https://github.com/kserve/open-inference-protocol). `seed`, `top_k` and `top_n_tokens` are those of Text Generation Inference.
 *
 * @throws ProtocolError with a sentence for the client
 */
export function readGenerateRequest(body: Uint8Array): GenerateRequest {
  const request = readJsonObject(body);
  if (typeof request.text_input !== 'string') throw new ProtocolError('The request has no text "text_input".');
  const given = fields(request.parameters);
  const unknown = Object.keys(given).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined)
    throw new ProtocolError(`There is no parameter "${unknown}"; those that there are: ${KNOWN.join(', ')}.`);
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
    topP: read('top_p'),
    topK: read('top_k'),
    seed: read('seed'),
    topTokens: read('top_n_tokens'),
    stop: readStops(given.stop ?? []),
  };
}

function readStops(stops: unknown): readonly string[] {
  const isText = (stop: unknown): stop is string =>
    typeof stop === 'string' && stop.length >= 1 && stop.length <= LONGEST_STOP;
  if (!Array.isArray(stops) || stops.length > MOST_STOPS || !stops.every(isText))
    throw new ProtocolError(`"stop" is not a list of up to ${MOST_STOPS} texts of 1 to ${LONGEST_STOP} characters.`);
  return stops;
}

import { LightbenchError } from '../../contract/errors.ts';
import type { Prediction } from '../../contract/serving.ts';
import type { Tensor } from '../../formats/open-inference/datatype.ts';
import { writeInferenceRequest } from '../../formats/open-inference/inference-request.ts';
import { type InferenceResponse, readInferenceResponse } from '../../formats/open-inference/inference-response.ts';

/** Picture, class, score, left, top, right, bottom. */
const BOX_NUMBERS = 7;
const TIMEOUT_MS = 60_000;
const EXPORT_AGAIN = 'Export the model version again, and deploy the new bundle.';
/** How many values of a tensor are shown. */
const SHOWN_VALUES = 16;
/** Numbers of an answer that are told; masks have thousands. */
const MOST_NUMBERS = 4096;

export interface PredictionTarget {
  readonly endpoint: string;
  readonly url: string;
  readonly modelName: string;
  readonly classes: readonly string[];
  /** Of a model that writes sequences: its ids as text. */
  readonly textOf?: (ids: readonly number[]) => string;
}

/** What is told of how a request went. */
export type Exchange = Pick<Prediction, 'endpoint' | 'version' | 'durationMs' | 'request' | 'response'>;

/** Sends one item and reads the answer. @throws LightbenchError as `ask` */
export async function predict(
  target: PredictionTarget,
  inputs: readonly Tensor[],
  signal?: AbortSignal,
): Promise<Prediction> {
  const { answer, exchange } = await ask(target, inputs, undefined, signal);
  return { ...answerOf(target, answer, inputs), ...exchange };
}

/**
 * Sends one request to a model server, just as any client would.
 *
 * @param outputs names of those that are wanted; all where it is undefined
 * @throws LightbenchError deployment.not_ready, deployment.bad_input
 */
export async function ask(
  target: PredictionTarget,
  inputs: readonly Tensor[],
  outputs: readonly string[] | undefined,
  signal?: AbortSignal,
): Promise<{ readonly answer: InferenceResponse; readonly exchange: Exchange }> {
  const body = writeInferenceRequest(inputs, outputs);
  const begin = performance.now();
  const text = await (await post(target, 'infer', body, TIMEOUT_MS, signal)).text();
  const durationMs = performance.now() - begin;
  const answer = readInferenceResponse(text);
  return {
    answer,
    exchange: {
      endpoint: target.endpoint,
      version: Number(answer.modelVersion),
      durationMs,
      request: shown(body),
      response: shown(text),
    },
  };
}

/**
 * Sends a request to the model of a server; what it answers is still on its way.
 *
 * @throws LightbenchError deployment.not_ready, deployment.bad_input
 */
export async function post(
  target: PredictionTarget,
  what: 'infer' | 'generate_stream',
  body: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Response> {
  const url = `${target.url}/v2/models/${encodeURIComponent(target.modelName)}/${what}`;
  let reply: Response;
  try {
    const timeout = AbortSignal.timeout(timeoutMs);
    reply = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
  } catch (error) {
    const reason = (error as { cause?: Error }).cause?.message ?? (error as Error).message;
    throw new LightbenchError('deployment.not_ready', `${target.endpoint} did not answer at ${url}: ${reason}.`, {
      cause: error,
    });
  }
  if (reply.status === 200) return reply;
  throw new LightbenchError(
    reply.status < 500 ? 'deployment.bad_input' : 'deployment.not_ready',
    `${target.endpoint} answered ${reply.status}: ${errorOf(await reply.text())}`,
    what === 'generate_stream' && reply.status === 404 ? { suggestion: EXPORT_AGAIN } : {},
  );
}

function answerOf(target: PredictionTarget, response: InferenceResponse, [input, edges]: readonly Tensor[]) {
  const { classes } = target;
  const picture = pictureOf(response, input);
  if (picture !== undefined) return { classes: [...classes], probabilities: [], predicted: 0, numbers: [], picture };
  const written = response.outputs.find(({ name }) => name === 'sequences');
  const main = written ?? response.outputs.find(({ name }) => name === 'probabilities') ?? response.outputs[0];
  const all = Array.from(main.data as ArrayLike<number | bigint>, Number);
  // The nodes around the one that was asked about are answered for as well, behind it.
  const isNode = input.name === 'nodes';
  const values = isNode ? all.slice(0, main.shape[1]) : all;
  if (classes.length === 0 || main.name !== 'probabilities')
    return {
      // Classes name what lies near an embedding.
      classes: main.name === 'embedding' ? [...classes] : [main.name],
      probabilities: [],
      predicted: 0,
      numbers: values.slice(0, MOST_NUMBERS),
      ...(written === undefined || target.textOf === undefined ? {} : { text: target.textOf(values) }),
    };
  return {
    classes: [...classes],
    probabilities: values,
    predicted: values.indexOf(Math.max(...values)),
    ...(isNode ? { around: { nodes: input.shape[0] - 1, edges: edges.shape[1] } } : {}),
  };
}

/** The mask or the boxes of the one picture that was sent, [1, height, width, channels]. */
function pictureOf({ outputs }: InferenceResponse, { shape }: Tensor): Prediction['picture'] {
  const [, height, width] = shape;
  const values = (name: string): number[] | undefined => {
    const data = outputs.find((output) => output.name === name)?.data;
    return data === undefined ? undefined : Array.from(data as ArrayLike<number>, Number);
  };
  const mask = values('mask');
  if (mask !== undefined)
    return { kind: 'mask', width, height, labels: Buffer.from(Uint8Array.from(mask)).toString('base64') };
  const found = values('detections');
  if (found === undefined) return undefined;
  const boxes = Array.from({ length: found.length / BOX_NUMBERS }, (_, place) => {
    const [, label, score, left, top, right, bottom] = found.slice(place * BOX_NUMBERS, (place + 1) * BOX_NUMBERS);
    return { label, score, x: left, y: top, width: right - left, height: bottom - top };
  });
  return { kind: 'boxes', width, height, boxes: boxes.sort((a, b) => b.score - a.score) };
}

/** The JSON with long data cut short, for people to read. */
function shown(text: string): string {
  const shorten = (key: string, value: unknown): unknown =>
    key === 'data' && Array.isArray(value) && value.length > SHOWN_VALUES
      ? [...value.slice(0, SHOWN_VALUES), `… ${value.length - SHOWN_VALUES} more`]
      : value;
  const indented = JSON.stringify(JSON.parse(text), shorten, 2);
  // One number to a line would be as long as the data.
  return indented.replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, ' ')}]`);
}

function errorOf(text: string): string {
  try {
    return String((JSON.parse(text) as { error: unknown }).error);
  } catch {
    return text.slice(0, 200);
  }
}

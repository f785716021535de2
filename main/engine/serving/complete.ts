import { z } from 'zod';
import { LightbenchError } from '../../contract/errors.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { Completion } from '../../contract/serving.ts';
import type { InputLayout } from '../training/index.ts';
import { type PredictionTarget, post } from './predict.ts';

type Wanted = Pick<ParsedInput<'deployments.complete'>, 'text' | 'tokens' | 'temperature' | 'topP' | 'seed'>;

/** How many of the likeliest tokens are told. */
const CANDIDATES = 5;
/** How many events of the answer are shown as they came. */
const SHOWN_EVENTS = 2;
const TIMEOUT_MS = 600_000;

const token = z.object({ text: z.string(), logprob: z.number() });
const pieceEvent = z.object({
  model_version: z.string(),
  text_output: z.string(),
  done: z.boolean(),
  top_tokens: z.array(token),
});
const failedEvent = z.object({ error: z.string() });

/**
 * Has a language model on a model server go on with a text, in one request.
 *
 * @param onProgress hears after each token how far it is
 * @param signal ends the request, and with it the writing
 * @throws LightbenchError deployment.not_ready, deployment.bad_input
 */
export async function complete(
  target: PredictionTarget,
  layout: InputLayout,
  { text, tokens, temperature, topP, seed }: Wanted,
  signal?: AbortSignal,
  onProgress: (soFar: Completion) => void = () => {},
): Promise<Completion> {
  if (layout.tokens === undefined || layout.tokens.target !== undefined)
    throw new LightbenchError('deployment.bad_input', `${target.endpoint} serves no language model.`, {
      suggestion: 'Send it an item of a dataset.',
    });
  const parameters = { max_tokens: tokens, temperature, top_p: topP, seed, top_n_tokens: CANDIDATES };
  const body = { text_input: text, parameters };
  const begin = performance.now();
  const reply = await post(target, 'generate_stream', JSON.stringify(body), TIMEOUT_MS, signal);
  let soFar: Completion = {
    endpoint: target.endpoint,
    version: 0,
    durationMs: 0,
    request: JSON.stringify(body, null, 2),
    response: '',
    text: '',
    tokens: 0,
    candidates: [],
  };
  const shown: string[] = [];
  for await (const data of events(target, reply)) {
    const failed = failedEvent.safeParse(data);
    if (failed.success) throw new LightbenchError('deployment.not_ready', `${target.endpoint}: ${failed.data.error}`);
    const piece = pieceEvent.parse(data);
    if (shown.length < SHOWN_EVENTS) shown.push(`data: ${JSON.stringify(data)}`);
    const more = soFar.tokens + 1 - shown.length;
    soFar = {
      ...soFar,
      version: Number(piece.model_version),
      durationMs: performance.now() - begin,
      response: [...shown, ...(more > 0 ? [`… ${more} more`] : [])].join('\n\n'),
      text: soFar.text + piece.text_output,
      tokens: soFar.tokens + 1,
      candidates:
        soFar.tokens > 0
          ? soFar.candidates
          : piece.top_tokens.map((one) => ({ token: one.text, probability: Math.exp(one.logprob) })),
    };
    if (piece.done) return soFar;
    onProgress(soFar);
  }
  throw new LightbenchError('deployment.not_ready', `${target.endpoint} stopped in the middle of the text.`);
}

/** The data of server-sent events, which are JSON. */
async function* events({ endpoint }: PredictionTarget, { body }: Response): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) yield JSON.parse(part.replace(/^data: /, ''));
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new LightbenchError('deployment.not_ready', `${endpoint} broke off: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

import type { GenerationDescription } from '../../formats/bundle/generation.ts';
import { readGenerateRequest } from '../../formats/open-inference/generate-request.ts';
import { ProtocolError } from '../../formats/open-inference/protocol-error.ts';
import { Tokenizer } from '../../models/vocabulary.ts';
import type { Predictor } from './predictor.ts';
import type { LikelyToken, WritingOrder } from './token-writer.ts';
import { untilStop } from './until-stop.ts';

/** What a model is to go on with, and the tokens that it does it in. */
export interface Prompt {
  readonly order: WritingOrder;
  readonly tokenizer: Tokenizer;
  /** The text ends before the first of these. */
  readonly stop: readonly string[];
}

interface ToldToken {
  readonly id: number;
  readonly text: string;
  readonly logprob: number;
}

/** One token of an answer: `GenerateStreamResponse` of the protocol, and what Text Generation Inference tells beside it. */
export interface GeneratedPiece {
  readonly text_output: string;
  readonly done: boolean;
  readonly token: ToldToken;
  readonly top_tokens?: readonly ToldToken[];
}

/** Reads a request to generate text. @throws ProtocolError with a sentence for the client */
export function promptOf({ unit, lowercase, vocabulary }: GenerationDescription, body: Uint8Array): Prompt {
  const { text, stop, ...wanted } = readGenerateRequest(body);
  const tokenizer = new Tokenizer(unit, vocabulary);
  const ids = tokenizer.ids(Tokenizer.split(text, unit, lowercase));
  if (ids.length === 0) throw new ProtocolError(`"text_input" holds no ${unit}.`);
  return { order: { ids, ...wanted }, tokenizer, stop };
}

/** Goes on with a text until it is written or `signal` aborts. */
export function generate(
  predictor: Predictor,
  { order, tokenizer, stop }: Prompt,
  onPiece: (piece: GeneratedPiece) => void,
  signal: AbortSignal,
): Promise<void> {
  const textOf = tokenizer.continuation();
  const tell = untilStop(stop);
  const stopped = new AbortController();
  const told = ({ id, probability }: LikelyToken): ToldToken => ({
    id,
    text: tokenizer.text([id]),
    logprob: Math.log(Math.max(probability, Number.MIN_VALUE)),
  });
  return predictor.write(
    order,
    ({ top, last, ...token }) => {
      const said = tell(textOf(token.id, last), last);
      onPiece({
        text_output: said.text,
        done: last || said.stopped,
        token: told(token),
        ...(order.topTokens === 0 ? {} : { top_tokens: top.map(told) }),
      });
      if (said.stopped) stopped.abort();
    },
    AbortSignal.any([signal, stopped.signal]),
  );
}

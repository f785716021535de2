import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Tensor } from '../../formats/open-inference/datatype.ts';
import { type InferenceRequest, readInferenceRequest } from '../../formats/open-inference/inference-request.ts';
import { writeInferenceResponse } from '../../formats/open-inference/inference-response.ts';
import { ProtocolError } from '../../formats/open-inference/protocol-error.ts';
import { generate, type Prompt, promptOf } from './generate.ts';
import type { PredictionLog } from './prediction-log.ts';
import type { Predictor } from './predictor.ts';

/** More requests than this waiting for the model are turned away: they would only wait longer. */
const MOST_PENDING = 1024;
const JSON_LENGTH_HEADER = 'inference-header-content-length';

export interface ServedModel {
  /** The model that new requests go to; undefined while there is none. */
  current(): Predictor | undefined;
  readonly log: PredictionLog;
  readonly programVersion: string;
}

type ModelParams = { readonly name: string; readonly version?: string };

/**
 * The REST half of the Open Inference Protocol, version 2
 * (https://github.com/kserve/open-inference-protocol), with the binary tensor data extension and, of models that write, the
 * generation of text.
 */
export function addRoutes(app: FastifyInstance, served: ServedModel): void {
  // The binary extension puts bytes behind the JSON, and curl calls JSON a form: so every body is taken as bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `There is nothing at ${request.method} ${request.url}.` }),
  );

  app.get('/v2/health/live', () => ({ live: true }));
  app.get('/v2/health/ready', (_request, reply) => {
    const ready = isReady(served.current());
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  for (const path of ['/v2', '/v2/'])
    app.get(path, () => ({
      name: 'lightbench-model-server',
      version: served.programVersion,
      extensions: ['binary_tensor_data'],
    }));
  app.get('/metrics', (_request, reply) => {
    const predictor = served.current();
    if (predictor === undefined) return reply.code(503).send({ error: 'No model is loaded.' });
    return reply.type('text/plain; version=0.0.4').send(served.log.metrics(predictor.bundle, predictor.pending));
  });

  for (const model of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    app.get<{ Params: ModelParams }>(model, (request, reply) => {
      const predictor = find(served, request.params, reply);
      return predictor === undefined ? reply : describe(predictor);
    });
    app.get<{ Params: ModelParams }>(`${model}/ready`, (request, reply) => {
      const predictor = find(served, request.params, reply);
      if (predictor === undefined) return reply;
      const ready = isReady(predictor);
      return reply.code(ready ? 200 : 503).send({ name: predictor.bundle.modelName, ready });
    });
    app.post<{ Params: ModelParams; Body: Buffer | undefined }>(`${model}/infer`, (request, reply) => {
      const predictor = find(served, request.params, reply);
      return predictor === undefined ? reply : infer(served, predictor, request, reply);
    });
    for (const path of ['generate', 'generate_stream'] as const)
      app.post<{ Params: ModelParams; Body: Buffer | undefined }>(`${model}/${path}`, (request, reply) => {
        const predictor = find(served, request.params, reply);
        if (predictor === undefined) return reply;
        return write(served, predictor, request, reply, path === 'generate_stream');
      });
  }
}

function isReady(predictor: Predictor | undefined): boolean {
  return predictor !== undefined && !predictor.dead;
}

/** The model by name and version; answers 404 itself when it is another one. */
function find(served: ServedModel, { name, version }: ModelParams, reply: FastifyReply): Predictor | undefined {
  const predictor = served.current();
  if (predictor === undefined) {
    reply.code(503).send({ error: 'No model is loaded.' });
    return undefined;
  }
  const { bundle } = predictor;
  const found = bundle.modelName === name && (version === undefined || version === String(bundle.version));
  if (found) return predictor;
  const asked = version === undefined ? name : `${name} version ${version}`;
  reply
    .code(404)
    .send({ error: `There is no model ${asked} here; this is ${bundle.modelName} version ${bundle.version}.` });
  return undefined;
}

function describe({ bundle }: Predictor) {
  const tensors = (list: typeof bundle.signature.inputs) =>
    list.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  return {
    name: bundle.modelName,
    versions: [String(bundle.version)],
    platform: 'onnx_onnxv1',
    inputs: tensors(bundle.signature.inputs),
    outputs: tensors(bundle.signature.outputs),
  };
}

async function infer(
  served: ServedModel,
  predictor: Predictor,
  request: FastifyRequest<{ Body: Buffer | undefined }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const startedAtMs = Date.now();
  const begin = performance.now();
  const { bundle } = predictor;
  let parsed: InferenceRequest | undefined;
  const log = (status: number, outputs: readonly Tensor[], error: string | null) =>
    served.log.add({
      bundle,
      startedAtMs,
      durationMs: performance.now() - begin,
      status,
      batchSize: parsed?.batchSize ?? 0,
      outputs,
      error,
    });
  const fail = (status: number, message: string) => {
    const { id } = log(status, [], message);
    return reply.code(status).header('x-prediction-id', id).send({ error: message });
  };
  if (predictor.pending >= MOST_PENDING)
    return fail(503, `${predictor.pending} requests are waiting for the model already.`);
  try {
    const length = request.headers[JSON_LENGTH_HEADER];
    parsed = readInferenceRequest(
      request.body ?? Buffer.alloc(0),
      length === undefined ? undefined : Number(length),
      bundle.signature,
    );
  } catch (error) {
    if (error instanceof ProtocolError) return fail(400, error.message);
    throw error;
  }
  let all: readonly Tensor[];
  try {
    all = await predictor.run(parsed.inputs);
  } catch (error) {
    return fail(500, `The model failed: ${(error as Error).message}`);
  }
  const outputs = parsed.outputs.flatMap(({ name }) => all.filter((tensor) => tensor.name === name));
  const binary = new Set(parsed.outputs.flatMap((output) => (output.binary ? [output.name] : [])));
  const { body, contentType, jsonLength } = writeInferenceResponse(
    { id: parsed.id, modelName: bundle.modelName, modelVersion: String(bundle.version), outputs },
    binary,
  );
  const { id } = log(200, all, null);
  if (jsonLength !== undefined) reply.header(JSON_LENGTH_HEADER, jsonLength);
  return reply.header('content-type', contentType).header('x-prediction-id', id).send(body);
}

/** Until the last token, or until whoever asked has gone. */
async function write(
  served: ServedModel,
  predictor: Predictor,
  request: FastifyRequest<{ Body: Buffer | undefined }>,
  reply: FastifyReply,
  streamed: boolean,
): Promise<FastifyReply> {
  const startedAtMs = Date.now();
  const begin = performance.now();
  const { bundle } = predictor;
  let written = '';
  const log = (status: number, error: string | null) =>
    served.log.add({
      bundle,
      startedAtMs,
      durationMs: performance.now() - begin,
      status,
      batchSize: 1,
      outputs: [],
      ...(error === null ? { written } : {}),
      error,
    });
  const fail = (status: number, error: string) =>
    reply.code(status).header('x-prediction-id', log(status, error).id).send({ error });
  if (bundle.generation === undefined)
    return fail(
      404,
      `${bundle.modelName} version ${bundle.version} cannot go on with a text, or was exported before it could.`,
    );
  if (predictor.pending >= MOST_PENDING)
    return fail(429, `${predictor.pending} requests are waiting for the model already.`);
  let prompt: Prompt;
  try {
    prompt = promptOf(bundle.generation, request.body ?? Buffer.alloc(0));
  } catch (error) {
    if (error instanceof ProtocolError) return fail(422, error.message);
    throw error;
  }
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort());
  const model = { model_name: bundle.modelName, model_version: String(bundle.version) };
  const say = (event: Record<string, unknown>) => reply.raw.write(`data: ${JSON.stringify(event)}\n\n`);
  if (streamed) {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  }
  try {
    await generate(
      predictor,
      prompt,
      (piece) => {
        written += piece.text_output;
        if (streamed) say({ ...model, ...piece });
      },
      gone.signal,
    );
  } catch (error) {
    const message = `The model failed: ${(error as Error).message}`;
    if (!streamed) return fail(424, message);
    log(424, message);
    say({ error: message });
    reply.raw.end();
    return reply;
  }
  const { id } = log(200, null);
  if (!streamed) return reply.header('x-prediction-id', id).send({ ...model, text_output: written });
  reply.raw.end();
  return reply;
}

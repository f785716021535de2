import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import cookie from '@fastify/cookie';
import staticFiles from '@fastify/static';
import websocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LightbenchError } from '../contract/errors.ts';
import { callMessage, streamRequest } from '../contract/wire.ts';
import type { Engine } from '../engine/create-engine.ts';

const COOKIE = 'lightbench';
const CALL_LIMIT_BYTES = 64 * 1024 * 1024;
const UPLOAD_KEPT_MS = 24 * 60 * 60 * 1000;

/** Nothing from elsewhere, no inline script; styles are set at run time by the component library and the editor. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface HttpServerOptions {
  readonly engine: Engine;
  /** Folder of the built renderer. */
  readonly rendererFolder: string;
  /** 0 = any free port. */
  readonly port: number;
  /** What the printed URL carries; made afresh unless given. */
  readonly token?: string;
}

export interface HttpServer {
  /** With the token: open it in a browser, or give it to `lightbench open --engine`. */
  readonly url: string;
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * Browser mode: the contract over HTTP and one WebSocket, on loopback only. The URL's token becomes a cookie on the first
 * visit; Host and Origin are checked on every request, so that neither DNS rebinding nor another site can reach it.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { engine } = options;
  const token = options.token ?? randomBytes(24).toString('base64url');
  const app = fastify({ bodyLimit: CALL_LIMIT_BYTES, forceCloseConnections: true });
  await app.register(cookie);
  await app.register(websocket, { options: { maxPayload: 1024 * 1024 } });
  await app.register(staticFiles, {
    root: options.rendererFolder,
    wildcard: true,
    index: 'index.html',
    cacheControl: false,
    etag: true,
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    const refusal = refuse(request, token, app);
    if (refusal === null) return;
    if (refusal === 'visit') return visit(request, reply, token);
    await reply.code(403).send(refusal.toRecord());
  });

  app.post('/api/call', async (request, reply) => {
    const abort = new AbortController();
    // Of the response: a request closes as soon as its body has been read.
    reply.raw.on('close', () => {
      if (!reply.raw.writableEnded) abort.abort();
    });
    const message = callMessage.safeParse(request.body);
    if (!message.success)
      return { ok: false, error: new LightbenchError('request.invalid', message.error.message).toRecord() };
    return engine.call(message.data, abort.signal);
  });

  app.get('/api/stream', { websocket: true }, (socket) => {
    const ends = new Map<string, () => void>();
    socket.on('message', (data) => {
      let request: ReturnType<typeof streamRequest.safeParse>;
      try {
        request = streamRequest.safeParse(JSON.parse(String(data)));
      } catch {
        return socket.close(1003, 'not JSON');
      }
      if (!request.success) return socket.close(1003, 'not a stream request');
      const { data: wanted } = request;
      ends.get(wanted.id)?.();
      ends.delete(wanted.id);
      if (wanted.type === 'subscribe')
        ends.set(
          wanted.id,
          engine.subscribe(wanted, (message) => socket.send(JSON.stringify(message))),
        );
    });
    socket.on('close', () => {
      for (const end of ends.values()) end();
    });
  });

  app.get<{ Params: { name: string }; Querystring: Record<string, string> }>('/asset/:name', async (request, reply) => {
    const { token: session, ...params } = request.query;
    const asset = await engine.asset({
      asset: request.params.name,
      params,
      ...(session === undefined ? {} : { token: session }),
    });
    if (asset instanceof LightbenchError) return reply.code(asset.status).send(asset.toRecord());
    reply
      .header('content-type', asset.contentType)
      .header('cache-control', asset.immutable ? 'private, max-age=31536000, immutable' : 'no-store');
    if (asset.fileName !== undefined)
      reply.header('content-disposition', `attachment; filename="${asset.fileName.replace(/[^\w.@-]/g, '_')}"`);
    return reply.send(Buffer.from(asset.bytes.buffer, asset.bytes.byteOffset, asset.bytes.byteLength));
  });

  const uploads = join(engine.workspaceFolder, 'uploads');
  await forgetOldUploads(uploads);
  app.put<{ Params: { id: string; '*': string } }>(
    '/api/upload/:id/*',
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const root = join(uploads, request.params.id);
      const target = normalize(join(root, request.params['*']));
      if (!/^[\w-]{8,64}$/.test(request.params.id) || !target.startsWith(root + sep)) {
        return reply
          .code(400)
          .send(
            new LightbenchError('request.invalid', `${request.params['*']} is not a path below the upload.`).toRecord(),
          );
      }
      try {
        await mkdir(dirname(target), { recursive: true });
        await pipeline(request.body as Readable, createWriteStream(target));
        return { path: root };
      } catch (error) {
        await rm(target, { force: true });
        const failure = LightbenchError.from(error);
        return reply.code(failure.status).send(failure.toRecord());
      }
    },
  );

  app.setErrorHandler((error, _request, reply) => {
    const failure =
      (error as { statusCode?: number }).statusCode === 400
        ? new LightbenchError('request.invalid', (error as Error).message)
        : LightbenchError.from(error);
    return reply.code(failure.status).send(failure.toRecord());
  });

  const origin = (await app.listen({ host: '127.0.0.1', port: options.port })).replace(/\/$/, '');
  return { origin, url: `${origin}/?token=${token}`, close: () => app.close() };
}

/** Null: let in. 'visit': a first visit with the right token. Otherwise the refusal. */
function refuse(request: FastifyRequest, token: string, app: FastifyInstance): null | 'visit' | LightbenchError {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const { host, origin, authorization } = request.headers;
  if (host === undefined || !hosts.includes(host))
    return new LightbenchError(
      'access.door_closed',
      `The host ${host ?? '(none)'} is not this machine's loopback address.`,
    );
  if (origin !== undefined && !hosts.some((allowed) => origin === `http://${allowed}`))
    return new LightbenchError('access.door_closed', `Requests from ${origin} are not let in.`);
  const query = request.query as { token?: string };
  if (request.url.startsWith('/?') && same(query.token, token)) return 'visit';
  const bearer = authorization?.startsWith('Bearer ') ? authorization.slice(7) : undefined;
  if (same(request.cookies?.[`${COOKIE}-${port}`], token) || same(bearer, token)) return null;
  return new LightbenchError('access.door_closed', 'The request carries no valid token.');
}

function visit(request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply {
  const port = request.headers.host?.split(':').at(-1);
  return reply.setCookie(`${COOKIE}-${port}`, token, { httpOnly: true, sameSite: 'strict', path: '/' }).redirect('/');
}

function same(given: string | undefined, token: string): boolean {
  if (given === undefined || given.length !== token.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(token));
}

async function forgetOldUploads(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > UPLOAD_KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamReply } from '../contract/wire.ts';
import { createEngine, type Engine } from '../engine/create-engine.ts';
import { type HttpServer, startHttpServer } from './http-server.ts';
import { findLayout } from './layout.ts';

let folder: string;
let engine: Engine;
let server: HttpServer;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'server-'));
  mkdirSync(join(folder, 'renderer'));
  writeFileSync(join(folder, 'renderer', 'index.html'), '<!doctype html><title>Lightbench</title>');
  engine = createEngine({ ...findLayout(), workspaceFolder: join(folder, 'workspace') });
  server = await startHttpServer({ engine, rendererFolder: join(folder, 'renderer'), port: 0 });
  token = new URL(server.url).searchParams.get('token') ?? '';
});
afterAll(async () => {
  await server.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Plain node:http, because fetch forbids setting Host. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  options: { method?: string; body?: string } = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${server.origin}${path}`, { method: options.method ?? 'GET', headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end(options.body);
  });
}
const bearer = () => ({ authorization: `Bearer ${token}` });
const post = (headers: Record<string, string>, body: unknown) =>
  ask('/api/call', { 'content-type': 'application/json', ...headers }, { method: 'POST', body: JSON.stringify(body) });

describe('browser mode', () => {
  it('turns the token of the first visit into a cookie that scripts cannot read, and forgets it from the address', async () => {
    const visit = await ask(`/?token=${token}`);
    expect(visit.status).toBe(302);
    expect(visit.headers.location).toBe('/');
    const [cookie] = visit.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    const page = await ask('/', { cookie: cookie.split(';')[0] });
    expect(page.status).toBe(200);
    expect(page.body).toContain('Lightbench');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-security-policy']).not.toContain("script-src 'self' 'unsafe");
  });

  it.each([
    ['no token', '/', {}],
    ['a wrong token', '/?token=wrong', {}],
    ['a wrong cookie', '/', { cookie: 'lightbench=wrong' }],
  ])('keeps out a request with %s', async (_, path, headers) => {
    const reply = await ask(path, headers as Record<string, string>);
    expect(reply.status).toBe(403);
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'access.door_closed' });
  });

  it('keeps out another host name (DNS rebinding) and another origin, even with the token', async () => {
    expect((await ask('/', { ...bearer(), host: 'evil.example:80' })).status).toBe(403);
    expect(
      (await post({ ...bearer(), origin: 'https://evil.example' }, { procedure: 'workspace.info', input: {} })).status,
    ).toBe(403);
    expect(
      (await post({ ...bearer(), origin: server.origin }, { procedure: 'workspace.info', input: {} })).status,
    ).toBe(200);
  });

  it('listens on loopback only', () => {
    expect(new URL(server.origin).hostname).toBe('127.0.0.1');
  });

  it('answers calls, and refusals as records', async () => {
    const info = JSON.parse((await post(bearer(), { procedure: 'workspace.info', input: {} })).body);
    expect(info).toMatchObject({ ok: true, result: { path: engine.workspaceFolder } });
    const refusal = JSON.parse((await post(bearer(), { procedure: 'workspace.inof', input: {} })).body);
    expect(refusal).toMatchObject({ ok: false, error: { code: 'request.unknown_procedure' } });
    expect(JSON.parse((await post(bearer(), { wrong: 1 })).body)).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    });
    expect(
      JSON.parse(
        (await ask('/api/call', { ...bearer(), 'content-type': 'application/json' }, { method: 'POST', body: '{' }))
          .body,
      ),
    ).toMatchObject({ code: 'request.invalid' });
  });

  it('lets a call take its time', async () => {
    const { result } = JSON.parse(
      (await post(bearer(), { procedure: 'samples.import', input: { ids: ['penguins'] } })).body,
    );
    const waited = JSON.parse(
      (await post(bearer(), { procedure: 'jobs.wait', input: { id: result.jobIds[0], timeoutMs: 60_000 } })).body,
    );
    expect(waited).toMatchObject({ ok: true, result: { state: 'FINISHED' } });
  });

  it('streams events over the socket, and keeps the socket of a stranger out', async () => {
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/api/stream`, { headers: bearer() });
    await new Promise((resolve) => socket.once('open', resolve));
    const heard = new Promise<StreamReply>((resolve) =>
      socket.once('message', (data) => resolve(JSON.parse(String(data)))),
    );
    socket.send(JSON.stringify({ type: 'subscribe', id: 'a', stream: 'workspace.events', input: {} }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await post(bearer(), {
      procedure: 'users.create',
      input: { name: 'ada', roles: ['annotator'], password: 'correct horse' },
    });
    expect(await heard).toMatchObject({ type: 'event', id: 'a', event: { type: 'changed', topic: 'users' } });
    socket.close();
    const stranger = new WebSocket(`${server.origin.replace('http', 'ws')}/api/stream`);
    expect(String(await new Promise((resolve) => stranger.once('error', resolve)))).toContain('403');
  });

  it('takes dropped files into the workspace, and no path that leaves their folder', async () => {
    const put = (path: string, body: string) =>
      ask(path, { ...bearer(), 'content-type': 'application/octet-stream' }, { method: 'PUT', body });
    const reply = await put('/api/upload/abcdefgh/folder/a.txt', 'content');
    expect(JSON.parse(reply.body).path).toBe(join(engine.workspaceFolder, 'uploads', 'abcdefgh'));
    expect(readFileSync(join(engine.workspaceFolder, 'uploads', 'abcdefgh', 'folder', 'a.txt'), 'utf8')).toBe(
      'content',
    );
    expect((await put('/api/upload/abcdefgh/..%2F..%2Fworkspace.sqlite', 'x')).status).toBe(400);
    expect((await put('/api/upload/..%2F..%2Fx/a.txt', 'x')).status).toBe(400);
  });

  it('ends within 5 seconds, whoever is connected', async () => {
    const other = await startHttpServer({ engine, rendererFolder: join(folder, 'renderer'), port: 0 });
    const otherToken = new URL(other.url).searchParams.get('token');
    const socket = new WebSocket(`${other.origin.replace('http', 'ws')}/api/stream`, {
      headers: { authorization: `Bearer ${otherToken}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const begin = performance.now();
    await other.close();
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ErrorRecord, LightbenchError } from '../contract/errors.ts';
import type { EngineLink } from './engine-link.ts';
import { shellPolicy } from './shell-pages.ts';

export const scheme = 'lightbench';
export const appOrigin = `${scheme}://app`;
export const startUrl = `${appOrigin}/`;

/** Standard and secure, so that the page has an origin, fetch, workers and storage like any other. */
export const schemePrivileges = {
  scheme,
  privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
} as const;

/** Nothing from elsewhere, no inline script; styles are set at run time by the component library and the editor. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

export interface AppProtocol {
  /** Folder of the built renderer. */
  readonly rendererFolder: string;
  readonly engine: () => EngineLink | null;
  /** The person signed in in the window; pictures are fetched by the page without saying who asks. */
  readonly sessionToken: () => string | undefined;
  /** The shell's own pages, by path: they are there when the engine is not. */
  readonly shellPages: Readonly<Record<string, () => string>>;
}

/** Answers everything below lightbench://. Nothing else is ever loaded into a window. */
export async function answer(request: Request, parts: AppProtocol): Promise<Response> {
  const url = new URL(request.url);
  if (url.host === 'shell') {
    const write = parts.shellPages[url.pathname];
    return write === undefined
      ? refused(new LightbenchError('record.not_found', `There is nothing at ${url.href}.`))
      : page(write(), shellPolicy, 'text/html; charset=utf-8');
  }
  if (url.host !== 'app') return refused(new LightbenchError('access.door_closed', `${url.host} is not served.`));
  if (url.pathname.startsWith('/asset/')) return asset(url, parts);
  if (url.pathname.startsWith('/api/upload/') && request.method === 'PUT') return upload(url, request, parts);
  return file(url, parts.rendererFolder);
}

async function asset(url: URL, parts: AppProtocol): Promise<Response> {
  const engine = parts.engine();
  if (engine === null) return refused(new LightbenchError('worker.crashed', 'The engine is not running.'));
  const { token = parts.sessionToken(), ...params } = Object.fromEntries(url.searchParams);
  try {
    const name = decoded(url.pathname.slice('/asset/'.length));
    const reply = await engine.asset({ asset: name, params, ...(token === undefined ? {} : { token }) });
    return new Response(reply.bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        'content-type': reply.contentType,
        'cache-control': reply.immutable ? 'private, max-age=31536000, immutable' : 'no-store',
        'x-content-type-options': 'nosniff',
        ...(reply.fileName === undefined
          ? {}
          : { 'content-disposition': `attachment; filename="${reply.fileName.replace(/[^\w.@-]/g, '_')}"` }),
      },
    });
  } catch (error) {
    return refused(LightbenchError.from(error));
  }
}

async function upload(url: URL, request: Request, parts: AppProtocol): Promise<Response> {
  const engine = parts.engine();
  if (engine?.upload === undefined)
    return refused(
      new LightbenchError('request.invalid', 'This engine reads files where they are; nothing is uploaded.'),
    );
  try {
    return await engine.upload(url.pathname, request.body);
  } catch (error) {
    return refused(LightbenchError.from(error));
  }
}

async function file(url: URL, folder: string): Promise<Response> {
  const wanted = url.pathname === '/' ? '/index.html' : decoded(url.pathname);
  const target = path.normalize(path.join(folder, wanted));
  const contentType = contentTypes[path.extname(target)];
  if (!target.startsWith(folder + path.sep) || wanted.includes('\0') || contentType === undefined)
    return refused(new LightbenchError('record.not_found', `The application has no file ${wanted}.`));
  try {
    return page(await readFile(target), contentSecurityPolicy, contentType);
  } catch {
    return refused(new LightbenchError('record.not_found', `The application has no file ${wanted}.`));
  }
}

/** The text itself where its escapes are broken: nothing is called that. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function page(body: string | Buffer, policy: string, contentType: string): Response {
  return new Response(typeof body === 'string' ? body : new Uint8Array(body), {
    headers: {
      'content-type': contentType,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    },
  });
}

function refused(error: LightbenchError): Response {
  const record: ErrorRecord = error.toRecord();
  return new Response(JSON.stringify(record), {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
  });
}

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LightbenchError } from '../../contract/errors.ts';
import type { PredictionRecord } from '../../contract/serving.ts';
import { ModelServer } from './model-server.ts';

const USAGE = `Serves a model bundle by the Open Inference Protocol (REST, version 2).

  node model-server.mjs --bundle DIR [--port N] [--host ADDRESS] [--threads N] [--digest SHA256]

  --bundle   the folder of the bundle; default: the folder you are in
  --port     default 8080; 0 = any free port
  --host     default 127.0.0.1; 0.0.0.0 lets other machines in: put TLS and access control in front of it
  --threads  threads of ONNX Runtime; default: one per core
  --digest   the digest the bundle must have: the SHA-256 of its checksums.txt

One line of JSON per event and per prediction goes to standard output. SIGTERM ends it after the running requests.
`;

/** The model server as a program of its own. */
export async function serveFromCommandLine(
  programPath: string,
  programVersion: string,
  commandLine: readonly string[],
): Promise<void> {
  const say = (line: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const options = readOptions(commandLine);
    if (options === undefined) {
      process.stdout.write(USAGE);
      return;
    }
    const server = await ModelServer.start({
      ...options,
      endpoint: 'standalone',
      programPath,
      programVersion,
      onPrediction: (record: PredictionRecord) => say({ event: 'prediction', ...record }),
    });
    say({ event: 'ready', url: `http://${options.host}:${server.port}`, model: server.modelName });
    let closing = false;
    const end = () => {
      if (closing) return;
      closing = true;
      void server.close().then(() => {
        say({ event: 'stopped' });
        process.exit(0);
      });
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  } catch (error) {
    const { code, cause, suggestion } = LightbenchError.from(error).toRecord();
    process.stderr.write(`${JSON.stringify({ event: 'failed', code, cause, suggestion })}\n`);
    process.exitCode = 1;
  }
}

function readOptions(commandLine: readonly string[]) {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...commandLine],
      options: {
        bundle: { type: 'string', default: '.' },
        port: { type: 'string', default: '8080' },
        host: { type: 'string', default: '127.0.0.1' },
        threads: { type: 'string' },
        digest: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new LightbenchError('request.invalid', (error as Error).message, { suggestion: 'See --help.' });
  }
  if (values.help === true) return undefined;
  const whole = (name: string, most: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0 || value > most)
      throw new LightbenchError('request.invalid', `--${name} is not a whole number up to ${most}.`);
    return value;
  };
  return {
    bundleFolder: resolve(String(values.bundle)),
    port: whole('port', 65535),
    host: String(values.host),
    ...(values.threads === undefined ? {} : { threads: Math.max(1, whole('threads', 1024)) }),
    ...(values.digest === undefined ? {} : { bundleDigest: String(values.digest) }),
  };
}

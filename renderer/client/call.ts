import { LightbenchError } from '../../main/contract/errors.ts';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';
import { procedures } from '../../main/contract/index.ts';
import { checked } from './checked.ts';
import { transport } from './connection.ts';
import { sessionToken, setSessionToken, wantSignIn } from './session.ts';

/**
 * Asks the engine. Throws the LightbenchError that the engine answered with.
 * @param signal ends the request early; the promise then rejects with the signal's reason
 */
export async function call<N extends ProcedureName>(
  name: N,
  input: ProcedureInput<N>,
  signal?: AbortSignal,
): Promise<ProcedureOutput<N>> {
  const token = sessionToken();
  const reply = await transport.call({ procedure: name, input, ...(token === null ? {} : { token }) }, signal);
  if (reply.ok) {
    const output = checked(procedures[name].output, reply.result);
    if (output.success) return output.data as ProcedureOutput<N>;
    throw new LightbenchError('internal.unexpected', `The answer to ${name} has an unexpected form.`, {
      cause: output.error,
      suggestion: 'The window and the engine may be of different versions. Reload the window.',
    });
  }
  const error = LightbenchError.fromRecord(reply.error);
  if (error.code === 'access.sign_in_required') {
    // A token the engine no longer knows would be refused for ever.
    if (token !== null) setSessionToken(null);
    wantSignIn(true);
  }
  throw error;
}

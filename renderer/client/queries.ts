import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { keepPreviousData, QueryClient, useMutation, useQuery } from '@tanstack/react-query';
import { Emitter } from '../../main/base/emitter.ts';
import { LightbenchError } from '../../main/contract/errors.ts';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';
import { call } from './call.ts';

/** Answers stay fresh until an event says otherwise; this is only the net under a lost event. */
const staleTimeMs = 60_000;

export interface ProcedureOptions {
  /** False: do not ask yet. */
  readonly enabled?: boolean;
  /** Shows the previous answer while a new input is being asked about. */
  readonly keepPrevious?: boolean;
  /** Asks again in this interval. Rarely needed: events invalidate. */
  readonly refetchIntervalMs?: number;
  /** `Infinity` for what is immutable. */
  readonly staleTimeMs?: number;
}

export interface CommandOptions<N extends ProcedureName> {
  readonly onSuccess?: (output: ProcedureOutput<N>, input: ProcedureInput<N>) => void;
  /** Return true when the error has been shown; otherwise it becomes a toast. */
  readonly onError?: (error: LightbenchError, input: ProcedureInput<N>) => boolean;
}

/** Errors of commands that nobody handled. The shell shows them as toasts. */
export const unhandledErrors = new Emitter<LightbenchError>();

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: staleTimeMs, refetchOnWindowFocus: false, retry: false, networkMode: 'always' },
    mutations: { networkMode: 'always' },
  },
});

/** A query of the contract, kept fresh by the events of the workspace. */
export function useProcedure<N extends ProcedureName>(
  name: N,
  input: ProcedureInput<N>,
  options: ProcedureOptions = {},
): UseQueryResult<ProcedureOutput<N>, LightbenchError> {
  return useQuery<ProcedureOutput<N>, LightbenchError>({
    queryKey: [name, input],
    queryFn: ({ signal }) => call(name, input, signal),
    enabled: options.enabled ?? true,
    ...(options.keepPrevious ? { placeholderData: keepPreviousData } : {}),
    ...(options.refetchIntervalMs === undefined ? {} : { refetchInterval: options.refetchIntervalMs }),
    ...(options.staleTimeMs === undefined ? {} : { staleTime: options.staleTimeMs }),
  }) as UseQueryResult<ProcedureOutput<N>, LightbenchError>;
}

/** A command of the contract. `mutate(input)` shows its error as a toast; `mutateAsync` rejects with it as well. */
export function useCommand<N extends ProcedureName>(
  name: N,
  options: CommandOptions<N> = {},
): UseMutationResult<ProcedureOutput<N>, LightbenchError, ProcedureInput<N>> {
  return useMutation<ProcedureOutput<N>, LightbenchError, ProcedureInput<N>>({
    mutationKey: [name],
    mutationFn: (input) => call(name, input),
    onSuccess: (output, input) => options.onSuccess?.(output, input),
    onError: (thrown, input) => {
      const error = LightbenchError.from(thrown);
      // The sign-in dialog is already the answer to this one.
      if (error.code === 'access.sign_in_required') return;
      if (!options.onError?.(error, input)) unhandledErrors.emit(error);
    },
  });
}

/** Puts an answer that is already known (from a command or an event) where the queries look for it. */
export function rememberAnswer<N extends ProcedureName>(
  name: N,
  input: ProcedureInput<N>,
  output: ProcedureOutput<N>,
): void {
  queryClient.setQueryData([name, input], output);
}

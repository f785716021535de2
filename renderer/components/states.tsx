import { Button, Center, EmptyState, Group, Loader, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { LightbenchError } from '../client/index.ts';

export interface NothingHereProps {
  readonly icon?: ReactNode;
  readonly title: string;
  /** What to do first, in one or two sentences. */
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Says what would be here and what to do first. */
export function NothingHere({ icon, title, children, actions }: NothingHereProps) {
  return (
    <Center mih={280} p="xl" h="100%">
      <EmptyState size="sm" icon={icon} title={title} description={children} maw={460}>
        {actions !== undefined && <EmptyState.Actions>{actions}</EmptyState.Actions>}
      </EmptyState>
    </Center>
  );
}

export interface ErrorStateProps {
  readonly error: unknown;
  readonly retry?: () => void;
  /** In a row instead of in the middle of the page. */
  readonly inline?: boolean;
}

/** An error as the engine tells it: title, cause, suggestion. */
export function ErrorState({ error, retry, inline = false }: ErrorStateProps) {
  const known = LightbenchError.from(error);
  const button = retry !== undefined && (
    <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={retry}>
      Try again
    </Button>
  );
  const body = (
    <Group align="flex-start" wrap="nowrap" gap="md" maw={560} role="alert">
      <IconAlertTriangle size={18} color="var(--lb-bad)" style={{ flex: 'none', marginTop: 1 }} aria-hidden />
      <Stack gap={4} align="flex-start">
        <Text fw={600}>{known.title}</Text>
        <Text style={{ overflowWrap: 'anywhere' }}>{known.message}</Text>
        <Text c="dimmed">{known.suggestion}</Text>
        {button}
      </Stack>
    </Group>
  );
  return inline ? (
    body
  ) : (
    <Center mih={280} p="xl">
      {body}
    </Center>
  );
}

/** While the first answer is on its way. */
export function Loading({ lines = 6 }: { readonly lines?: number }) {
  return (
    <Stack gap="md" role="status" aria-label="Loading" p="xs">
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
        <Skeleton key={line} height={14} width={`${88 - ((line * 23) % 47)}%`} />
      ))}
    </Stack>
  );
}

export function LoadingPage() {
  return (
    <Center h="100%" role="status" aria-label="Loading">
      <Loader />
    </Center>
  );
}

interface Answer<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly refetch: () => unknown;
}

export interface AnsweredProps<T> {
  readonly query: Answer<T>;
  readonly loading?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** Skeleton, error or content: the three faces of a query. Old content stays visible when reading again fails. */
export function Answered<T>({ query, loading, children }: AnsweredProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <>{loading ?? <Loading />}</>;
}

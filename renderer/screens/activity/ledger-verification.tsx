import { Alert, Loader } from '@mantine/core';
import { IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { useProcedure } from '../../client/index.ts';
import { formatPlural, shortDigest } from '../../components/format.ts';
import { ErrorState } from '../../components/states.tsx';

/** Recomputes the chain now and says what came out. */
export function LedgerVerification({ close }: { readonly close: () => void }) {
  const verification = useProcedure('ledger.verify', {}, { staleTimeMs: 0 });
  const shared = {
    m: 'lg',
    mb: 0,
    withCloseButton: true,
    closeButtonLabel: 'Close',
    onClose: close,
    style: { flex: 'none' },
  } as const;
  if (verification.isFetching)
    return (
      <Alert {...shared} color="gray" icon={<Loader size={16} />} title="Recomputing every hash" role="status">
        This takes a moment.
      </Alert>
    );
  if (verification.error !== null) return <ErrorState error={verification.error} />;
  const { entries, intact, firstBroken, problem, head } = verification.data ?? {
    entries: 0,
    intact: false,
    firstBroken: null,
    problem: null,
    head: '',
  };
  return intact ? (
    <Alert {...shared} color="green" icon={<IconShieldCheck size={18} />} title="The ledger is intact" role="status">
      {formatPlural(entries, 'entry', 'entries')}, each chained to the one before. The newest hash begins with{' '}
      {shortDigest(head)}: note it elsewhere to prove later that nothing before it has changed.
    </Alert>
  ) : (
    <Alert {...shared} color="red" icon={<IconShieldX size={18} />} title={`The chain breaks at entry #${firstBroken}`}>
      {problem} Restore the workspace from a backup from before, and find out who had access to its files.
    </Alert>
  );
}

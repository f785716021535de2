import { useParams } from 'react-router';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { LabelSet } from '../../../main/contract/labeling.ts';
import { useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { LabelBench } from './label-bench.tsx';
import { useLabelSession } from './use-label-session.ts';

/** Finds the label set and its dataset, opens the session, hands over to the bench. */
export function LabelSetPage() {
  const { labelSetId = '' } = useParams();
  const labelSets = useProcedure('labels.list', {});
  const labelSet = labelSets.data?.find((candidate) => candidate.id === labelSetId);
  const dataset = useProcedure(
    'datasets.get',
    { digest: labelSet?.datasetDigest ?? '' },
    { enabled: labelSet !== undefined },
  );
  const error = labelSets.error ?? dataset.error;
  if (labelSet !== undefined && dataset.data !== undefined)
    return <Opened labelSet={labelSet} dataset={dataset.data} />;
  return (
    <Page crumbs={[{ label: 'Label', to: paths.label() }, { label: labelSet?.name ?? 'Label set' }]}>
      {error !== null ? (
        <ErrorState error={error} retry={() => void labelSets.refetch()} />
      ) : labelSets.data !== undefined && labelSet === undefined ? (
        <NothingHere title="There is no such label set">It may belong to another workspace.</NothingHere>
      ) : (
        <LoadingPage />
      )}
    </Page>
  );
}

function Opened({ labelSet, dataset }: { readonly labelSet: LabelSet; readonly dataset: DatasetVersion }) {
  const { session, error } = useLabelSession(labelSet);
  if (session !== null) return <LabelBench labelSet={labelSet} dataset={dataset} session={session} />;
  return (
    <Page crumbs={[{ label: 'Label', to: paths.label() }, { label: labelSet.name }]}>
      {error === null ? <LoadingPage /> : <ErrorState error={error} />}
    </Page>
  );
}

import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { Panel } from '../../components/panel.tsx';
import { Answered } from '../../components/states.tsx';
import { LineageGraph } from '../../viewers/lineage-graph.tsx';
import { TabContent } from './tab-content.tsx';

/** Where the data came from and everything that was made from it. */
export function LineageTab({ dataset }: { readonly dataset: DatasetVersion }) {
  const lineage = useProcedure('lineage.get', { digest: dataset.digest });
  return (
    <TabContent>
      <Panel title="From the source to what serves">
        <Answered query={lineage}>{(data) => <LineageGraph lineage={data} focus={dataset.digest} />}</Answered>
      </Panel>
    </TabContent>
  );
}

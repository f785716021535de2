import { Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Split } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount, formatPercent } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Answered } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { itemFilterToSearch } from '../../viewers/item-filter.ts';
import { ItemThumbnail } from '../../viewers/item-thumbnail.tsx';
import { className } from '../../viewers/item-words.ts';
import classes from './run.module.css';

export interface MistakeStripProps {
  readonly datasetDigest: string;
  readonly runId: string;
  readonly split: Split;
  readonly classes: readonly string[];
}

const shown = 24;
const thumbnailPx = 64;

/** Where the model was wrong and sure of it: the first place to look for wrong labels and blind spots. */
export function MistakeStrip({ datasetDigest, runId, split, classes: names }: MistakeStripProps) {
  const filter = { runId, correct: false, splits: [split], sort: 'confidence_descending' as const };
  const found = useProcedure('datasets.items', { digest: datasetDigest, filter });
  const indices = found.data?.indices.slice(0, shown) ?? [];
  const rows = useProcedure(
    'datasets.rows',
    { digest: datasetDigest, indices, runId },
    { enabled: indices.length > 0, keepPrevious: true },
  );
  const dataset = useProcedure('datasets.get', { digest: datasetDigest }, { staleTimeMs: Number.POSITIVE_INFINITY });
  if (dataset.data?.kind === 'table') return null;
  return (
    <Panel
      title="Most confident mistakes"
      aside={
        found.data !== undefined &&
        found.data.total > 0 && (
          <TextLink to={paths.dataset(datasetDigest, itemFilterToSearch(filter))}>
            All {formatCount(found.data.total)} mistakes
          </TextLink>
        )
      }
    >
      <Answered query={found}>
        {({ total }) =>
          total === 0 ? (
            <Text c="dimmed">There are none on this split.</Text>
          ) : (
            <div className={classes.strip}>
              {rows.data?.map((item) => (
                <Link
                  key={item.index}
                  to={`${paths.run(runId)}/explanation?item=${item.index}`}
                  className={classes.mistake}
                  title={`Explain item ${item.index}`}
                >
                  <ItemThumbnail datasetDigest={datasetDigest} index={item.index} sizePx={thumbnailPx} alt="" />
                  <span className={classes.mistakeWords}>
                    {className(names, item.currentLabel)} → {className(names, item.predicted)}
                  </span>
                  <Text span size="xs" c="dimmed">
                    {formatPercent(item.confidence, 1)}
                  </Text>
                </Link>
              ))}
            </div>
          )
        }
      </Answered>
    </Panel>
  );
}

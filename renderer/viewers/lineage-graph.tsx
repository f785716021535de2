import type { TablerIcon } from '@tabler/icons-react';
import {
  IconBox,
  IconChartLine,
  IconDatabase,
  IconDeviceFloppy,
  IconFileCode,
  IconFolder,
  IconPackage,
  IconRocket,
  IconTags,
} from '@tabler/icons-react';
import { useMemo } from 'react';
import { Link } from 'react-router';
import type { Lineage } from '../../main/contract/registry.ts';
import { formatPlural, shortDigest } from '../components/format.ts';
import { paths } from '../components/paths.ts';
import { condenseLineage } from './lineage-condense.ts';
import classes from './lineage-graph.module.css';
import type { LineageNode, PlacedNode } from './lineage-layout.ts';
import { layOutLineage } from './lineage-layout.ts';

const nodeWidthPx = 196;
const nodeHeightPx = 52;
const columnGapPx = 56;
const rowGapPx = 20;
const marginPx = 8;

const kinds: Readonly<Record<LineageNode['kind'], { readonly name: string; readonly icon: TablerIcon }>> = {
  source: { name: 'Source', icon: IconFolder },
  dataset: { name: 'Dataset version', icon: IconDatabase },
  label_set: { name: 'Label set', icon: IconTags },
  config: { name: 'Run config', icon: IconFileCode },
  run: { name: 'Run', icon: IconChartLine },
  checkpoint: { name: 'Checkpoint', icon: IconDeviceFloppy },
  model_version: { name: 'Model version', icon: IconBox },
  bundle: { name: 'Bundle', icon: IconPackage },
  deployment: { name: 'Deployment', icon: IconRocket },
};

/** What led to a digest and what was made from it, from left to right. */
export function LineageGraph({ lineage: full, focus }: { readonly lineage: Lineage; readonly focus?: string }) {
  const { lineage, hiddenCount } = useMemo(() => condenseLineage(full, focus), [full, focus]);
  const layout = useMemo(() => layOutLineage(lineage), [lineage]);
  const byDigest = new Map(layout.placed.map((placed) => [placed.node.digest, placed]));
  const width = layout.columns * (nodeWidthPx + columnGapPx) - columnGapPx + 2 * marginPx;
  const height = layout.rows * (nodeHeightPx + rowGapPx) - rowGapPx + 2 * marginPx;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls sideways by keyboard
    <section className={classes.scroller} tabIndex={0} aria-label="Lineage">
      <div style={{ position: 'relative', width, height }}>
        <svg width={width} height={height} className={classes.edges} aria-hidden="true">
          {lineage.edges.map((edge) => {
            const from = byDigest.get(edge.from);
            const to = byDigest.get(edge.to);
            if (from === undefined || to === undefined) return null;
            return (
              <path key={`${edge.from}-${edge.to}-${edge.relation}`} d={curve(from, to)}>
                <title>{edge.relation}</title>
              </path>
            );
          })}
        </svg>
        {layout.placed.map((placed) => (
          <Node key={placed.node.digest} placed={placed} focused={placed.node.digest === focus} />
        ))}
      </div>
      {hiddenCount > 0 && (
        <p className={classes.hidden}>
          {formatPlural(hiddenCount, 'record')} left out: label versions that nothing used, and runs that led to no
          model.
        </p>
      )}
    </section>
  );
}

function Node({ placed, focused }: { readonly placed: PlacedNode; readonly focused: boolean }) {
  const { node } = placed;
  const { name, icon: Icon } = kinds[node.kind];
  const to = linkTo(node);
  const { x, y } = corner(placed);
  const content = (
    <>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span className={classes.words}>
        <span className={classes.kind}>{name}</span>
        <span className={classes.title} title={node.title}>
          {node.title || shortDigest(node.digest)}
        </span>
      </span>
    </>
  );
  const shared = {
    className: classes.node,
    'data-focused': focused,
    style: { left: x, top: y, width: nodeWidthPx, height: nodeHeightPx },
  };
  return to === null ? (
    <div {...shared}>{content}</div>
  ) : (
    <Link to={to} {...shared}>
      {content}
    </Link>
  );
}

function linkTo(node: LineageNode): string | null {
  if (node.kind === 'dataset') return paths.dataset(node.digest);
  if (node.kind === 'run') return paths.run(node.digest);
  const version = /^(.+?) ?[@v] ?v?(\d+)$/.exec(node.title);
  if (node.kind === 'model_version' && version?.[1] !== undefined)
    return paths.modelVersion(version[1].trim(), Number(version[2]));
  return null;
}

function corner({ column, row }: PlacedNode): { readonly x: number; readonly y: number } {
  return {
    x: marginPx + column * (nodeWidthPx + columnGapPx),
    y: marginPx + row * (nodeHeightPx + rowGapPx),
  };
}

function curve(from: PlacedNode, to: PlacedNode): string {
  const start = corner(from);
  const end = corner(to);
  const x1 = start.x + nodeWidthPx;
  const y1 = start.y + nodeHeightPx / 2;
  const y2 = end.y + nodeHeightPx / 2;
  const bend = Math.max(columnGapPx / 2, (end.x - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${end.x - bend},${y2} ${end.x},${y2}`;
}

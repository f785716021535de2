import { VisuallyHidden } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import { formatQuantity } from '../../components/quantity.ts';
import type { PlacedBlock } from './architecture-layout.ts';
import { type Block, shapeText } from './architecture-tree.ts';
import classes from './architecture-view.module.css';

interface BlockButtonProps {
  readonly placed: PlacedBlock;
  /** Of the costliest block's FLOPs. */
  readonly share: number;
  readonly first: boolean;
  readonly onToggle: () => void;
  readonly onFocus: (id: string) => void;
}

const visibleShare = 0.02;

/** A block without open children. */
export function BlockButton({ placed, share, first, onToggle, onFocus }: BlockButtonProps) {
  const { block, x, y, width, height } = placed;
  const closed = block.children.length > 0;
  return (
    <button
      type="button"
      className={classes.block}
      data-kind={block.kind}
      data-closed={closed || undefined}
      style={{ left: x, top: y, width, height }}
      // One stop for Tab; arrow keys go on from there.
      tabIndex={first ? 0 : -1}
      {...(closed ? { 'aria-expanded': false, onClick: onToggle } : {})}
      onFocus={() => onFocus(block.id)}
    >
      <span className={classes.title}>
        <span className={classes.name}>{block.title}</span>
        {closed && <IconPlus size={12} aria-hidden />}
      </span>
      {(block.kind === 'layer' || block.kind === 'stack') && <span className={classes.cost}>{costText(block)}</span>}
      <VisuallyHidden>{whereabouts(block)}</VisuallyHidden>
      {share >= visibleShare && <span className={classes.share} style={{ width: `${share * 100}%` }} />}
    </button>
  );
}

interface ContainerFrameProps {
  readonly placed: PlacedBlock;
  readonly onClose: () => void;
  readonly onFocus: (id: string) => void;
}

/** What an open container holds lies inside its frame. */
export function ContainerFrame({ placed, onClose, onFocus }: ContainerFrameProps) {
  const { block, x, y, width, height, depth } = placed;
  return (
    <div className={classes.frame} data-depth={depth % 2} style={{ left: x, top: y, width, height }}>
      <button
        type="button"
        className={classes.frameTitle}
        tabIndex={-1}
        aria-expanded
        onClick={onClose}
        onFocus={() => onFocus(block.id)}
      >
        <IconMinus size={11} aria-hidden />
        <span className={classes.name}>
          {block.title} <span className={classes.local}>{localName(block)}</span>
        </span>
      </button>
    </div>
  );
}

/** What the eye sees from its surroundings. */
const whereabouts = ({ name, description, shape }: Block): string =>
  ['', name, description, `yields ${shapeText(shape)}`].filter((part, place) => place === 0 || part !== '').join(', ');

/** Its name within what holds it, where that says more than its place. */
function localName({ name, parent }: Block): string {
  const outer = parent?.kind === 'layer' ? `${parent.name}.` : '';
  const local = name.startsWith(outer) ? name.slice(outer.length) : name;
  return /^layers\.\d+$/.test(local) ? '' : local;
}

function costText({ parameters, flops, description }: Block): string {
  if (parameters === 0 && flops === 0) return description === '' ? 'no parameters' : description;
  const counts = parameters === 0 ? [] : [`${formatQuantity(parameters)} params`];
  return [...counts, ...(flops === 0 ? [] : [`${formatQuantity(flops)} FLOPs`])].join(' · ');
}

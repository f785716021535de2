import { ActionIcon, Button, Group, Text, Tooltip } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconMaximize, IconMinus, IconPlus } from '@tabler/icons-react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ModelSummary } from '../../../main/contract/training.ts';
import { formatPlural } from '../../components/format.ts';
import { formatQuantity } from '../../components/quantity.ts';
import { layOutArchitecture } from './architecture-layout.ts';
import type { Architecture, Block } from './architecture-tree.ts';
import { openAtFirst, readArchitecture, shapeText, visibleGraph } from './architecture-tree.ts';
import classes from './architecture-view.module.css';
import { BlockButton, ContainerFrame } from './block-button.tsx';

const smallestScale = 0.2;
const largestScale = 2;
const zoomStep = 1.25;
const wheelZoom = 0.0025;

/** Blocks and what flows between them: containers open and close, Ctrl with the wheel zooms, dragging pans. */
export function ArchitectureView({ summary }: { readonly summary: ModelSummary }) {
  const architecture = useMemo(() => readArchitecture(summary), [summary]);
  const [open, toggle, setOpen] = useOpenBlocks(architecture);
  const layout = useMemo(() => layOutArchitecture(visibleGraph(architecture, open)), [architecture, open]);
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(sizeRef, scroller);
  const [zoom, setZoom] = useState<number | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const fitting = width === 0 ? 1 : Math.min(1, Math.max(smallestScale, width / layout.width));
  const scale = zoom ?? fitting;
  const zoomTo = (value: number) => setZoom(Math.min(largestScale, Math.max(smallestScale, value)));
  useWheelZoom(scroller, scale, zoomTo);
  const drag = useDragToPan(scroller);
  const containers = [...architecture.blocks.values()].filter(({ children }) => children.length > 0);
  const selected = focused === null ? undefined : architecture.blocks.get(focused);
  const costliest = Math.max(1, ...layout.leaves.map(({ block }) => block.flops));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') zoomTo(scale * zoomStep);
    else if (event.key === '-') zoomTo(scale / zoomStep);
    else if (event.key === '0') setZoom(null);
    else if (!moveFocus(scroller.current, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={classes.view}>
      <Group className={classes.bar} gap={6} wrap="nowrap" justify="space-between">
        <Group gap={4} wrap="nowrap">
          <Button size="compact-xs" variant="default" onClick={() => setOpen(new Set(containers.map(({ id }) => id)))}>
            Open all
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setOpen(new Set())}>
            Close all
          </Button>
        </Group>
        <Group gap={2} wrap="nowrap">
          <Tool label="Zoom out (−)" onClick={() => zoomTo(scale / zoomStep)} icon={<IconMinus size={14} />} />
          <Text size="xs" c="dimmed" w={44} ta="center" style={{ whiteSpace: 'nowrap' }}>
            {Math.round(scale * 100)} %
          </Text>
          <Tool label="Zoom in (+)" onClick={() => zoomTo(scale * zoomStep)} icon={<IconPlus size={14} />} />
          <Tool label="Fit the width (0)" onClick={() => setZoom(null)} icon={<IconMaximize size={14} />} />
        </Group>
      </Group>
      <section ref={ref} className={classes.scroller} aria-label="Graph of the model" {...drag}>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls */}
        <div
          role="group"
          aria-label="Blocks in the order of the data. Arrow keys go from one to the next, Enter opens and closes, plus and minus zoom."
          className={classes.sheet}
          style={{ width: Math.max(layout.width * scale, width), height: layout.height * scale }}
          onKeyDown={onKeyDown}
        >
          <div
            className={classes.scaled}
            style={{
              width: layout.width,
              height: layout.height,
              transform: `translateX(${Math.max(0, (width - layout.width * scale) / 2)}px) scale(${scale})`,
            }}
          >
            {layout.containers.map((placed) => (
              <ContainerFrame
                key={placed.block.id}
                placed={placed}
                onClose={() => toggle(placed.block.id)}
                onFocus={setFocused}
              />
            ))}
            <svg className={classes.edges} width={layout.width} height={layout.height} aria-hidden="true">
              <defs>
                <marker
                  id="flow-arrow"
                  viewBox="0 0 8 8"
                  refX="7"
                  refY="4"
                  markerWidth="6"
                  markerHeight="6"
                  orient="auto"
                >
                  <path d="M0,0 L8,4 L0,8 z" className={classes.arrow} />
                </marker>
              </defs>
              {layout.edges.map((edge) => (
                <path
                  key={edge.id}
                  d={edge.path}
                  className={classes.edge}
                  data-skip={edge.skip}
                  markerEnd="url(#flow-arrow)"
                />
              ))}
              {layout.edges.map(
                ({ id, label }) =>
                  label !== null && (
                    <text key={id} x={label.x} y={label.y} className={classes.shape}>
                      {label.text}
                    </text>
                  ),
              )}
            </svg>
            {layout.leaves.map((placed, position) => (
              <BlockButton
                key={placed.block.id}
                placed={placed}
                share={placed.block.flops / costliest}
                first={position === 0}
                onToggle={() => toggle(placed.block.id)}
                onFocus={setFocused}
              />
            ))}
          </div>
        </div>
      </section>
      <div className={classes.detail} aria-live="polite">
        {selected === undefined ? (
          <Text size="xs" c="dimmed" truncate>
            {formatPlural(layout.leaves.length, 'block')} of {architecture.blocks.size}. Click a block with a + to open
            it.
          </Text>
        ) : (
          <Detail block={selected} />
        )}
      </div>
    </div>
  );
}

function Detail({ block }: { readonly block: Block }) {
  const parts = [
    block.name,
    block.description,
    `yields ${shapeText(block.shape)}`,
    ...(block.parameters > 0 ? [`${block.parameters.toLocaleString('en-GB')} parameters`] : []),
    ...(block.flops > 0 ? [`${formatQuantity(block.flops)} FLOPs`] : []),
  ];
  return (
    <Text size="xs" truncate title={parts.filter((part) => part !== '').join(' · ')}>
      <b>{block.title}</b>{' '}
      <Text span size="xs" c="dimmed">
        {parts.filter((part) => part !== '').join(' · ')}
      </Text>
    </Text>
  );
}

function Tool({
  label,
  icon,
  onClick,
}: {
  readonly label: string;
  readonly icon: React.ReactNode;
  readonly onClick: () => void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

/** Which containers are open; a model with other blocks starts anew, one with the same keeps what was opened. */
function useOpenBlocks(architecture: Architecture) {
  const structure = [...architecture.blocks.values()].map(({ id, title }) => `${id} ${title}`).join();
  const [state, setState] = useState({ structure, open: openAtFirst(architecture) });
  const current = state.structure === structure ? state : { structure, open: openAtFirst(architecture) };
  if (current !== state) setState(current);
  const setOpen = (open: ReadonlySet<string>) => setState({ structure, open });
  const toggle = (id: string) => {
    const open = new Set(current.open);
    if (!open.delete(id)) open.add(id);
    setOpen(open);
  };
  return [current.open, toggle, setOpen] as const;
}

/** Goes to the nearest block in a direction; false for other keys. */
function moveFocus(host: HTMLElement | null, key: string): boolean {
  const direction = directions[key];
  const current = document.activeElement;
  if (direction === undefined || host === null || current === null) return false;
  const from = centre(current);
  const blocks = [...host.querySelectorAll<HTMLElement>('button')].filter((block) => block !== current);
  const ahead = blocks.flatMap((block) => {
    const to = centre(block);
    const along = (to.x - from.x) * direction.x + (to.y - from.y) * direction.y;
    const aside = Math.abs((to.x - from.x) * direction.y) + Math.abs((to.y - from.y) * direction.x);
    return along > 1 ? [{ block, distance: along + 2 * aside }] : [];
  });
  ahead.sort((a, b) => a.distance - b.distance)[0]?.block.focus();
  return true;
}

const directions: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
};

function centre(element: Element): { readonly x: number; readonly y: number } {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function useWheelZoom(host: React.RefObject<HTMLElement | null>, scale: number, zoomTo: (scale: number) => void): void {
  const newest = useRef({ scale, zoomTo });
  const anchor = useRef<{ x: number; y: number; left: number; top: number; from: number } | null>(null);
  newest.current = { scale, zoomTo };
  // React listens to wheel passively, where preventDefault does nothing.
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const { scale: from, zoomTo: zoom } = newest.current;
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      anchor.current = { x, y, left: element.scrollLeft, top: element.scrollTop, from };
      zoom(from * Math.exp(-event.deltaY * wheelZoom));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [host]);
  // What lay under the pointer stays there.
  useLayoutEffect(() => {
    const [element, at] = [host.current, anchor.current];
    if (element === null || at === null) return;
    anchor.current = null;
    const ratio = scale / at.from;
    element.scrollLeft = (at.left + at.x) * ratio - at.x;
    element.scrollTop = (at.top + at.y) * ratio - at.y;
  }, [scale, host]);
}

function useDragToPan(host: React.RefObject<HTMLElement | null>) {
  const dragging = useRef(false);
  const end = () => {
    dragging.current = false;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest('button') !== null) return;
      dragging.current = true;
      host.current?.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      if (dragging.current) host.current?.scrollBy(-event.movementX, -event.movementY);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

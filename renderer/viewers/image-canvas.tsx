import { ActionIcon, Tooltip } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconMaximize, IconMinus, IconPlus } from '@tabler/icons-react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import classes from './image-canvas.module.css';
import type { Extent, ViewTransform } from './view-transform.ts';
import { fitToView, zoomAt } from './view-transform.ts';

export interface ImageCanvasProps {
  readonly src: string;
  readonly alt: string;
  /** Drawn over the image in its own pixels: a heatmap. */
  readonly overlay?: ReactNode;
}

const wheelStep = 0.0015;
const buttonFactor = 1.4;
const panStepPx = 40;

/** One image with zoom (wheel, + and −, double click to fit) and pan (drag, Shift with arrows). */
export function ImageCanvas({ src, alt, overlay }: ImageCanvasProps) {
  const { ref: sizeRef, width, height } = useElementSize<HTMLDivElement>();
  const view = useRef<HTMLDivElement>(null);
  const mergedRef = useMergedRef(sizeRef, view);
  const [extent, setExtent] = useState<Extent | null>(null);
  /** Null: fitted, and fitted again when the view changes its size. */
  const [moved, setMoved] = useState<ViewTransform | null>(null);
  const [dragging, setDragging] = useState(false);
  const [failed, setFailed] = useState(false);
  const ready = extent !== null && width > 0;
  const transform = moved ?? (ready ? fitToView(extent, { width, height }) : { scale: 1, x: 0, y: 0 });
  const newest = useRef(transform);
  newest.current = transform;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another image starts fitted
  useEffect(() => {
    setMoved(null);
    setFailed(false);
  }, [src]);

  // React listens to wheel passively, where preventDefault does nothing.
  useEffect(() => {
    const element = view.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * wheelStep);
      setMoved(zoomAt(newest.current, factor, event.clientX - box.left, event.clientY - box.top));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  const zoom = (factor: number) => setMoved(zoomAt(transform, factor, width / 2, height / 2));
  const pan = (x: number, y: number) =>
    setMoved({ ...newest.current, x: newest.current.x + x, y: newest.current.y + y });
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0 || (event.target as Element).closest('button') !== null) return;
    view.current?.setPointerCapture(event.pointerId);
    setDragging(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = panSteps[event.key];
    if (event.key === '+' || event.key === '=') zoom(buttonFactor);
    else if (event.key === '-') zoom(1 / buttonFactor);
    else if (event.key === '0' && (event.ctrlKey || event.metaKey)) setMoved(null);
    else if (event.shiftKey && step !== undefined) pan(step.x * panStepPx, step.y * panStepPx);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls
    <div
      ref={mergedRef}
      className={classes.view}
      role="group"
      aria-label={`${alt}. Zoom with plus and minus, pan with Shift and arrow keys.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: zoom and pan by keyboard
      tabIndex={0}
      data-dragging={dragging}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={(event) => dragging && pan(event.movementX, event.movementY)}
      onPointerUp={() => setDragging(false)}
      onPointerCancel={() => setDragging(false)}
      onDoubleClick={() => setMoved(null)}
    >
      <div
        className={classes.image}
        style={{
          transform: `translate(${transform.x}px, ${transform.y}px) scale(${transform.scale})`,
          visibility: ready && !failed ? 'visible' : 'hidden',
        }}
      >
        <img
          src={src}
          alt={alt}
          draggable={false}
          style={{ display: 'block', imageRendering: transform.scale > 2 ? 'pixelated' : 'auto' }}
          onLoad={(event) => {
            const { naturalWidth, naturalHeight } = event.currentTarget;
            setExtent({ width: naturalWidth, height: naturalHeight });
          }}
          onError={() => setFailed(true)}
        />
        {overlay !== undefined && <div style={{ position: 'absolute', inset: 0 }}>{overlay}</div>}
      </div>
      {failed && (
        <p role="alert" style={{ position: 'absolute', inset: 0, display: 'grid', placeItems: 'center', margin: 0 }}>
          This image cannot be shown.
        </p>
      )}
      <div className={classes.controls}>
        <Control label="Zoom out" icon={<IconMinus size={14} />} onClick={() => zoom(1 / buttonFactor)} />
        <span className={classes.zoom}>{Math.round(transform.scale * 100)} %</span>
        <Control label="Zoom in" icon={<IconPlus size={14} />} onClick={() => zoom(buttonFactor)} />
        <Control label="Fit" icon={<IconMaximize size={14} />} onClick={() => setMoved(null)} />
      </div>
    </div>
  );
}

const panSteps: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  ArrowLeft: { x: 1, y: 0 },
  ArrowRight: { x: -1, y: 0 },
  ArrowUp: { x: 0, y: 1 },
  ArrowDown: { x: 0, y: -1 },
};

function Control(props: { readonly label: string; readonly icon: ReactNode; readonly onClick: () => void }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon aria-label={props.label} onClick={props.onClick}>
        {props.icon}
      </ActionIcon>
    </Tooltip>
  );
}

import { Loader, SegmentedControl, Select, Slider, Stack, Switch, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { Explanation, ExplanationMethod } from '../../../main/contract/explaining.ts';
import { assetUrl, useProcedure } from '../../client/index.ts';
import { formatDuration, formatNumber, formatPercent } from '../../components/format.ts';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import type { ColorMapName } from '../../theme/color-maps.ts';
import { colorMap, colorMapsOf } from '../../theme/color-maps.ts';
import classes from './explanation.module.css';
import { decodeFloat32, scaleOf } from './heatmap.ts';
import { HeatmapLegend, HeatmapOverlay } from './heatmap-overlay.tsx';

export type ModelReference = { readonly runId: string } | { readonly modelName: string; readonly version: number };

export interface ExplanationPanelProps {
  readonly datasetDigest: string;
  readonly index: number;
  readonly model: ModelReference;
}

/** Why a model says what it says of one image: heatmap, probabilities, and a line on what the picture is and is not. */
export function ExplanationPanel({ datasetDigest, index, model }: ExplanationPanelProps) {
  const methods = useProcedure('explaining.methods', { model }, { staleTimeMs: Number.POSITIVE_INFINITY });
  const [wanted, setWanted] = useState<ExplanationMethod | null>(null);
  const method = methods.data?.find((entry) => entry.method === wanted) ?? methods.data?.[0];

  if (methods.error !== null) return <ErrorState inline error={methods.error} retry={() => void methods.refetch()} />;
  if (methods.data === undefined) return <Loading />;
  if (method === undefined)
    return <Text c="dimmed">This kind of model has no explanation by image. Image classifiers have.</Text>;
  return (
    <Stack gap="md" className={classes.panel}>
      <SegmentedControl
        aria-label="Method of explanation"
        value={method.method}
        onChange={(value) => setWanted(value as ExplanationMethod)}
        data={methods.data.map((entry) => ({ value: entry.method, label: entry.title }))}
        style={{ alignSelf: 'flex-start' }}
      />
      <Explained
        // Another image or model starts again with the predicted class.
        key={`${datasetDigest} ${index} ${JSON.stringify(model)}`}
        datasetDigest={datasetDigest}
        index={index}
        model={model}
        method={method.method}
      />
    </Stack>
  );
}

function Explained({ method, ...item }: ExplanationPanelProps & { readonly method: ExplanationMethod }) {
  const [target, setTarget] = useState<number | null>(null);
  const answer = useProcedure(
    'explaining.explain',
    { ...item, method, ...(target === null ? {} : { target }) },
    { keepPrevious: true, staleTimeMs: Number.POSITIVE_INFINITY },
  );
  if (answer.data === undefined) {
    if (answer.error !== null) return <ErrorState inline error={answer.error} retry={() => void answer.refetch()} />;
    return (
      <Text c="dimmed" component="div" className={classes.waiting}>
        <Loader aria-label="Explaining" /> Asking the model …
      </Text>
    );
  }
  return (
    <Stack gap="md">
      {answer.error !== null && <ErrorState inline error={answer.error} />}
      <Picture {...item} explanation={answer.data} stale={answer.isPlaceholderData} onTarget={setTarget} />
    </Stack>
  );
}

interface PictureProps extends ExplanationPanelProps {
  readonly explanation: Explanation;
  /** A newer picture is on its way. */
  readonly stale: boolean;
  readonly onTarget: (target: number) => void;
}

function Picture({ explanation, stale, onTarget, datasetDigest, index }: PictureProps) {
  const [opacity, setOpacity] = useState(0.85);
  const [fadeWeak, setFadeWeak] = useState(true);
  const [chosen, setChosen] = useState<{ sequential: ColorMapName; diverging: ColorMapName }>({
    sequential: 'inferno',
    diverging: 'coolwarm',
  });
  const values = useMemo(() => decodeFloat32(explanation.values), [explanation.values]);
  const scale = useMemo(() => scaleOf(values), [values]);
  const kind = scale.signed ? 'diverging' : 'sequential';
  const map = colorMap(chosen[kind]);
  const { classes: names, probabilities, predicted, label } = explanation;
  const target = names[explanation.target] ?? String(explanation.target);
  const imageUrl = assetUrl('datasets.image', { digest: datasetDigest, index });
  return (
    <div className={classes.layout}>
      <div className={classes.pictures}>
        <figure className={classes.figure}>
          <div className={classes.frame} style={{ aspectRatio: `${explanation.width} / ${explanation.height}` }}>
            <img className={classes.image} src={imageUrl} alt={`Item ${index}`} draggable={false} />
          </div>
          <figcaption className={classes.reading}>The image</figcaption>
        </figure>
        <HeatmapOverlay
          imageUrl={imageUrl}
          imageLabel={`Item ${index} with what mattered for ${target} in colour`}
          explanation={explanation}
          values={values}
          scale={scale}
          map={map}
          opacity={opacity}
          fadeWeak={fadeWeak}
          stale={stale}
        />
        <div className={classes.under}>
          <HeatmapLegend map={map} scale={scale} target={target} />
          <p className={classes.statement}>
            {explanation.statement}
            {explanation.completenessGap !== null &&
              ` The attributions add up to the model’s score within ${formatNumber(Math.abs(explanation.completenessGap))} (0 would be exact).`}
          </p>
        </div>
      </div>
      <Stack gap="md" className={classes.controls}>
        <div>
          <Text fw={600} size="lg">
            {names[predicted] ?? predicted}
            <Text span c="dimmed" size="sm">
              {' '}
              {formatPercent(probabilities[predicted], 1)} sure
            </Text>
          </Text>
          {label >= 0 && (
            <Text c={label === predicted ? 'var(--lb-good)' : 'var(--lb-bad)'} size="sm">
              {label === predicted ? 'Agrees with the label' : `The label says ${names[label] ?? label}`}
            </Text>
          )}
        </div>
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            Explained is the score of the marked class. Choose another to see what speaks for it.
          </Text>
          <ProbabilityBars
            classes={names}
            probabilities={probabilities}
            label={label}
            target={explanation.target}
            onChoose={onTarget}
          />
        </div>
        <div className={classes.slider}>
          <Text size="xs" c="dimmed" aria-hidden>
            Opacity
          </Text>
          <Slider
            min={0}
            max={1}
            step={0.05}
            value={opacity}
            onChange={setOpacity}
            label={(value) => formatPercent(value, 0)}
            thumbLabel="Opacity of the heatmap"
          />
        </div>
        <Select
          label="Colour map"
          allowDeselect={false}
          value={map.name}
          onChange={(name) => setChosen({ ...chosen, [kind]: name as ColorMapName })}
          data={colorMapsOf(kind).map((entry) => ({ value: entry.name, label: entry.title }))}
        />
        <Switch
          label="Let the image through where influence is weak"
          checked={fadeWeak}
          onChange={(event) => setFadeWeak(event.currentTarget.checked)}
        />
        <Text size="xs" c="dimmed">
          Computed in {formatDuration(explanation.durationMs)}
        </Text>
      </Stack>
    </div>
  );
}

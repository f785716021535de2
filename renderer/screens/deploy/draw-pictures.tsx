import { Button, Select, Stack, Text } from '@mantine/core';
import { IconBrush } from '@tabler/icons-react';
import { useState } from 'react';
import type { ModelVersion, Signature } from '../../../main/contract/registry.ts';
import type { Drawing } from '../../../main/contract/serving.ts';
import { call } from '../../client/index.ts';
import { formatCount, formatDuration, formatPlural } from '../../components/format.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Panel } from '../../components/panel.tsx';
import { SampleSheet } from '../../viewers/sample-sheet.tsx';
import { AskPanel } from './ask-panel.tsx';
import { isServing } from './deployment-state.tsx';
import type { EndpointTabProps } from './endpoint-tab.ts';
import { Exchange } from './exchange.tsx';
import { SeedInput } from './seed-input.tsx';
import { useAsked } from './use-asked.ts';

const usualColumns = 8;
const mostColumns = 16;
const mostPictures = 64;
const eachInTurn = 'each';

interface DrawPicturesProps extends EndpointTabProps {
  readonly model: ModelVersion;
}

/** Has a model that draws make pictures out of noise. */
export function DrawPictures({ deployment, model }: DrawPicturesProps) {
  const { classes, signature } = model;
  const inClasses = classes.length > 0 && classes.length <= mostColumns;
  const perRow = inClasses ? classes.length : usualColumns;
  const untold = signature.inputs.some(({ name, values }) => name === 'label' && values?.from === -1);
  const knobs = signature.inputs.filter(({ usual }) => usual !== undefined);
  const [seed, setSeed] = useState(0);
  const [count, setCount] = useState(2 * perRow);
  const [label, setLabel] = useState(eachInTurn);
  const [settings, setSettings] = useState<Readonly<Record<string, number>>>({});
  const { answer, error, asking, ask } = useAsked<Drawing>();
  const serving = isServing(deployment.state);
  const draw = () =>
    ask(() =>
      call('deployments.draw', {
        endpoint: deployment.endpoint,
        seed,
        count,
        settings,
        ...(label === eachInTurn ? {} : { label: Number(label) }),
      }),
    );
  return (
    <Stack gap="lg">
      <AskPanel title="Draw pictures" serving={serving} error={error} onAsk={() => void draw()}>
        {classes.length > 0 && (
          <Select
            label="Class"
            w={150}
            allowDeselect={false}
            value={label}
            onChange={(chosen) => chosen !== null && setLabel(chosen)}
            data={[
              { value: eachInTurn, label: 'each in turn' },
              ...(untold ? [{ value: '-1', label: 'whatever comes' }] : []),
              ...classes.map((title, index) => ({ value: String(index), label: title })),
            ]}
          />
        )}
        <NumberField
          label={`Pictures, 1 to ${mostPictures}`}
          w={130}
          min={1}
          max={mostPictures}
          allowDecimal={false}
          value={count}
          onValue={(value) => value >= 1 && setCount(value)}
        />
        {knobs.map((knob) => (
          <Knob
            key={knob.name}
            knob={knob}
            value={settings[knob.name] ?? knob.usual ?? 0}
            onValue={(value) => setSettings({ ...settings, [knob.name]: value })}
          />
        ))}
        <SeedInput seed={seed} onSeed={setSeed} />
        <Button type="submit" leftSection={<IconBrush size={14} />} loading={asking} disabled={!serving}>
          Draw
        </Button>
      </AskPanel>
      {answer !== null && (
        <div aria-live="polite">
          <Panel
            title={formatPlural(answer.samples, 'picture')}
            aside={
              <Text c="dimmed">
                version {answer.version}, {formatDuration(answer.durationMs)} round trip
              </Text>
            }
          >
            <Stack gap="md">
              <SampleSheet
                {...answer}
                columns={Math.min(perRow, answer.samples)}
                label={`${formatPlural(answer.samples, 'picture')} that the model drew`}
              />
              {answer.labels.some((asked) => asked >= 0) && (
                <Text c="dimmed" size="sm">
                  {label === eachInTurn
                    ? `From the left: ${classes.slice(0, answer.samples).join(', ')}.`
                    : `All were to be ${classes[answer.labels[0] ?? 0]}.`}
                </Text>
              )}
              <Exchange {...answer} />
            </Stack>
          </Panel>
        </div>
      )}
    </Stack>
  );
}

interface KnobProps {
  readonly knob: Signature['inputs'][number];
  readonly value: number;
  readonly onValue: (value: number) => void;
}

/** A number that the model is told: any, or whole ones in a range. */
function Knob({ knob: { name, values }, value, onValue }: KnobProps) {
  const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  if (typeof values?.below !== 'number')
    return <NumberField label={title} w={110} min={0} max={20} step={0.1} value={value} onValue={onValue} />;
  const most = values.below - 1;
  const label = `${title}, ${values.from} to ${formatCount(most)}`;
  return (
    <NumberField
      label={label}
      w={130}
      min={values.from}
      max={most}
      allowDecimal={false}
      value={value}
      onValue={onValue}
    />
  );
}

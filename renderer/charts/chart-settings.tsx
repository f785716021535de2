import { Group, SegmentedControl, Slider, Switch, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';

export type Abscissa = 'step' | 'epoch' | 'time';

export interface ChartSettings {
  readonly smoothing: number;
  readonly abscissa: Abscissa;
  readonly logX: boolean;
  readonly logY: boolean;
}

const initial: ChartSettings = { smoothing: 0.6, abscissa: 'step', logX: false, logY: false };

/** How curves are drawn, remembered on this machine and shared by every chart. */
export function useChartSettings(): readonly [ChartSettings, (settings: ChartSettings) => void] {
  const [settings, setSettings] = useLocalStorage<ChartSettings>({
    key: 'lightbench.charts',
    defaultValue: initial,
    getInitialValueInEffect: false,
  });
  return [{ ...initial, ...settings }, setSettings];
}

export interface ChartSettingsBarProps {
  readonly settings: ChartSettings;
  readonly onChange: (settings: ChartSettings) => void;
}

export function ChartSettingsBar({ settings, onChange }: ChartSettingsBarProps) {
  return (
    <Group gap="lg" wrap="wrap" role="group" aria-label="How curves are drawn">
      <Group gap="sm" wrap="nowrap">
        <Text size="xs" c="dimmed" id="smoothing-label">
          Smoothing
        </Text>
        <Slider
          w={120}
          min={0}
          max={0.99}
          step={0.01}
          label={(value) => value.toFixed(2)}
          value={settings.smoothing}
          onChange={(smoothing) => onChange({ ...settings, smoothing })}
          thumbLabel="Smoothing"
        />
        <Text size="xs" w={28}>
          {settings.smoothing.toFixed(2)}
        </Text>
      </Group>
      <SegmentedControl
        aria-label="Horizontal axis"
        value={settings.abscissa}
        onChange={(value) => onChange({ ...settings, abscissa: value as Abscissa })}
        data={[
          { value: 'step', label: 'Step' },
          { value: 'epoch', label: 'Epoch' },
          { value: 'time', label: 'Time' },
        ]}
      />
      <Switch
        label="log x"
        checked={settings.logX}
        onChange={(event) => onChange({ ...settings, logX: event.currentTarget.checked })}
      />
      <Switch
        label="log y"
        checked={settings.logY}
        onChange={(event) => onChange({ ...settings, logY: event.currentTarget.checked })}
      />
    </Group>
  );
}

import type { MantineColorScheme } from '@mantine/core';
import { Input, SegmentedControl, Stack, useMantineColorScheme } from '@mantine/core';
import { Panel } from '../../components/panel.tsx';
import type { Density } from '../../theme/appearance.ts';
import { densities, setDensity, useDensity } from '../../theme/appearance.ts';

const schemes: readonly { readonly value: MantineColorScheme; readonly label: string }[] = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

const densityNames: Readonly<Record<Density, string>> = { compact: 'Compact', comfortable: 'Comfortable' };

/** Kept on this machine, not in the workspace. */
export function AppearanceSection() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const density = useDensity((state) => state.density);
  return (
    <Panel title="Appearance">
      <Stack gap="lg" align="flex-start">
        <Input.Wrapper label="Theme">
          <div>
            <SegmentedControl
              aria-label="Theme"
              value={colorScheme}
              onChange={(value) => setColorScheme(value as MantineColorScheme)}
              data={[...schemes]}
            />
          </div>
        </Input.Wrapper>
        <Input.Wrapper label="Rows of tables">
          <div>
            <SegmentedControl
              aria-label="Rows of tables"
              value={density}
              onChange={(value) => setDensity(value as Density)}
              data={densities.map((value) => ({ value, label: densityNames[value] }))}
            />
          </div>
        </Input.Wrapper>
      </Stack>
    </Panel>
  );
}

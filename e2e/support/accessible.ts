import AxeBuilder from '@axe-core/playwright';
import { expect, type Studio } from './studio.ts';

/** Holds the window, as it is, to what axe-core asks. */
export async function expectAccessible({ page, door }: Studio): Promise<void> {
  // Monaco marks itself up in its own way. Electron opens no second page, which axe-core would use.
  const axe = new AxeBuilder({ page }).exclude('.monaco-editor').setLegacyMode(door === 'desktop');
  // What is just fading in has no contrast yet; what stays wrong stays found.
  await expect(async () => {
    const { violations } = await axe.analyze();
    expect(violations.map(({ id, nodes }) => `${id} at ${nodes[0]?.target.join(' ')}`)).toEqual([]);
  }).toPass({ timeout: 15_000 });
}

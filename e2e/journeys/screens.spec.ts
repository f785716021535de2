import { expectAccessible } from '../support/accessible.ts';
import { expect, test } from '../support/studio.ts';

const areas = ['Data', 'Label', 'Train', 'Runs', 'Models', 'Deploy', 'Review', 'Activity', 'Settings'];

for (const theme of ['light', 'dark'] as const) {
  test(`every area is free of what axe-core finds in the ${theme} theme`, async ({ studio }) => {
    const { page, visit } = studio;
    await page.emulateMedia({ colorScheme: theme });
    for (const area of areas) {
      await visit(`/${area.toLowerCase()}`);
      await expect(page.getByRole('heading', { level: 1, name: area })).toBeVisible();
      await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
      await test.step(area, () => expectAccessible(studio));
    }
  });
}

test('everything is reached by the keyboard: the palette goes to every area', async ({ studio: { page } }) => {
  for (const area of ['Review', 'Models', 'Activity', 'Settings']) {
    await page.keyboard.press('Control+k');
    const search = page.getByRole('textbox', { name: 'Search and commands' });
    await expect(search).toBeFocused();
    await page.keyboard.type(area);
    await expect(page.getByRole('dialog').getByRole('button', { name: area, exact: true }).first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: area })).toBeVisible();
    await expect(search).toBeHidden();
  }
});

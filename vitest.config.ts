import { defineConfig } from 'vitest/config';

const heavy = process.env.LIGHTBENCH_HEAVY === '1';

export default defineConfig({
  test: {
    include: heavy
      ? ['{main,preload,renderer,resources,e2e/headless}/**/*.heavy.test.{ts,tsx}']
      : ['{main,preload,renderer,resources,e2e/headless}/**/*.test.{ts,tsx}'],
    exclude: heavy ? [] : ['**/*.heavy.test.*'],
    testTimeout: heavy ? 600_000 : 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});

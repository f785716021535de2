import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The renderer. `LIGHTBENCH_ENGINE=http://127.0.0.1:PORT vite` serves it with hot reload in front of a running engine. */
const engine = process.env.LIGHTBENCH_ENGINE;

export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [react()],
  // Electron 25 (Chromium 114) is the oldest window it has to run in.
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome114',
    cssTarget: 'chrome114',
    minify: 'oxc',
    modulePreload: { polyfill: false },
    // Small files become data: URLs otherwise, which the content security policy forbids for scripts and fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    ...(engine === undefined
      ? {}
      : {
          proxy: {
            '/api': { target: engine, ws: true, changeOrigin: true },
            '/asset': { target: engine, changeOrigin: true },
          },
        }),
  },
});

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { App } from './app/app.tsx';
import { applyDensity } from './theme/appearance.ts';

// The content security policy forbids eval, so zod need not try to compile its parsers.
config({ jitless: true });
applyDensity();

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

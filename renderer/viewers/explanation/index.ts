export type { ExplanationPanelProps, ModelReference } from './explanation-panel.tsx';
export { ExplanationPanel } from './explanation-panel.tsx';

export type { ExplanationPanelProps, ModelReference } from './explanation-panel.tsx';
export { ExplanationPanel, ExplanationPanel as default } from './explanation-panel.tsx';

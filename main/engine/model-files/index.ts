export { ModelFiles } from './model-files.ts';
export { type ModelFileTemplate, modelFileTemplates } from './templates.ts';

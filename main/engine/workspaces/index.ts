export { Workspaces } from './workspaces.ts';

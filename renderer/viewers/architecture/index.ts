export { ArchitectureView } from './architecture-view.tsx';

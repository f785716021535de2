import type { ReactNode } from 'react';
import { Component } from 'react';
import { ErrorState } from '../components/states.tsx';

interface BoundaryState {
  readonly error: unknown;
}

/** A screen that fails leaves the rail and the other screens usable. */
export class ScreenBoundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <ErrorState error={this.state.error} retry={() => this.setState({ error: null })} />;
  }
}

import { Route, Routes } from 'react-router';
import { ComparePage } from './compare-page.tsx';
import { RunPage } from './run-page.tsx';
import { RunsList } from './runs-list.tsx';

export default function RunsScreen() {
  return (
    <Routes>
      <Route index element={<RunsList />} />
      <Route path="compare" element={<ComparePage />} />
      <Route path=":runId/:tab?" element={<RunPage />} />
    </Routes>
  );
}

import { Route, Routes } from 'react-router';
import { LabelSetPage } from './label-set-page.tsx';
import { LabelSetsPage } from './label-sets-page.tsx';

export default function LabelScreen() {
  return (
    <Routes>
      <Route index element={<LabelSetsPage />} />
      <Route path=":labelSetId" element={<LabelSetPage />} />
    </Routes>
  );
}

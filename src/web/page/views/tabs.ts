/** The tabs that choose a view of the stage. */
import { byId, make } from "../dom.js";
import type { Editor } from "../editor.js";
import { VIEWS, type View } from "../state.js";

const TITLES: Readonly<Record<View, string>> = {
  face: "Face",
  photo: "Whole photo",
  grid: "Grid of two",
  steps: "How it works",
};

/** Tabs as the ARIA practices describe them: arrow keys move, and one tab is in the tab order. */
export function mountTabs(root: HTMLElement, editor: Editor): void {
  const tabs = VIEWS.map((view) => {
    const tab = make("button", { type: "button", role: "tab", textContent: TITLES[view], id: `tab-${view}` });
    tab.setAttribute("aria-controls", "view");
    tab.addEventListener("click", () => editor.setView(view));
    tab.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const next = (VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length;
      editor.setView(VIEWS[next]);
      tabs[next].focus();
    });
    return tab;
  });
  root.append(...tabs);
  editor.store.watch(
    ({ view }) => [view],
    (view) => {
      for (const [i, tab] of tabs.entries()) {
        const isShown = VIEWS[i] === view;
        if (isShown) byId("view").setAttribute("aria-labelledby", tab.id);
        tab.ariaSelected = String(isShown);
        tab.tabIndex = isShown ? 0 : -1;
      }
    },
  );
}

// The product that every library draws: lists, forms and the server's API. A
// library's file hands its components to start().
import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import './app.css';

export const panel = window.PANEL;
const { Choice: how, Product: product } = panel;

const get = (path) => fetch(path).then((r) => r.json());
const millis = how.After / 1e6;

// useOptions gives a choice's options as the panel has them come.
export function useOptions(list, field, typed) {
  const [options, setOptions] = useState(how.From || how.Virtual || field.of ? null : field.options);
  const path = `/options/${list.key}/${field.key}`;
  useEffect(() => {
    let gone = false;
    const take = (o) => gone || setOptions(o);
    if (how.From === 'typing') {
      setOptions(typed ? null : []);
      if (typed) get(path + '?q=' + encodeURIComponent(typed)).then(take);
    } else if (how.From === 'timer') {
      const timer = setTimeout(() => get(path).then(take), millis);
      return () => { gone = true; clearTimeout(timer); };
    } else if (how.From || field.of || how.Virtual) {
      get(path).then(take);
    }
    return () => { gone = true; };
  }, [how.From === 'typing' ? typed : '']);
  return { options: options || [], loading: options === null };
}

// grouped parts options as a panel with headings in its menus does.
export const grouped = (options) =>
  [['Usual', options.slice(0, 1)], ['Others', options.slice(1)]].filter(([, some]) => some.length > 0);

// useModel is what a form holds and what becomes of it.
function useModel(list, item, onDone) {
  const [start] = useState(() => Object.fromEntries(list.fields.map((f) => [f.key, item[f.key] ?? f.default ?? (f.kind === 'toggle' ? 'false' : '')])));
  const [values, setValues] = useState(start);
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState({});
  const held = list.fields.filter((f) => !f.when || f.when.includes(values[list.decides]));
  const behind = (f) => (f.fold && !open.fold ? 'fold' : f.kind === 'secret' && item.id && panel.Change && !open[f.key] ? 'change' : '');
  const submit = async () => {
    let wrong = {};
    for (const f of held) {
      if (f.required && !values[f.key]) wrong[f.key] = 'This field is required';
      else if (f.email && !/^[^@\s]+@[^@\s]+$/.test(values[f.key])) wrong[f.key] = 'Enter a valid e-mail address';
    }
    if (Object.keys(wrong).length === 0) {
      setBusy(true);
      const sent = Object.fromEntries(held.map((f) => [f.key, String(values[f.key])]));
      const answer = await fetch(`/data/${list.key}${item.id ? '/' + item.id : ''}`, { method: item.id ? 'PUT' : 'POST', body: JSON.stringify(sent) });
      wrong = (await answer.json()).errors;
      setBusy(false);
    }
    setErrors(wrong);
    if (Object.keys(wrong).length === 0) return onDone();
    if (Object.keys(wrong).some((k) => held.find((f) => f.key === k)?.fold)) setOpen((o) => ({ ...o, fold: true }));
    return wrong;
  };
  return {
    list, item, start, values, errors, busy, held, behind, submit,
    set: (key, value) => setValues((v) => ({ ...v, [key]: value })),
    unfold: (key) => setOpen((o) => ({ ...o, [key]: !o[key] })), folded: !open.fold,
  };
}

function ItemForm({ kit, list, item, onDone, onCancel }) {
  const model = useModel(list, item, onDone);
  const draw = (f) => model.behind(f) === 'change'
    ? <kit.Button key={f.key} onClick={() => model.unfold(f.key)}>Change {f.label.replace(/:$/, '').toLowerCase()}</kit.Button>
    : <div key={f.key} data-testid={'field-' + f.key}><kit.Field field={f} model={model} value={model.values[f.key]} error={model.errors[f.key]} set={(v) => model.set(f.key, v)} /></div>;
  const folding = model.held.some((f) => f.fold);
  return (
    <kit.Form model={model} onCancel={onCancel}>
      {model.held.filter((f) => !f.fold).map(draw)}
      {folding && <kit.Button expanded={!model.folded} onClick={() => model.unfold('fold')}>Advanced settings</kit.Button>}
      {folding && !model.folded && model.held.filter((f) => f.fold).map(draw)}
    </kit.Form>);
}

function Acts({ kit, item, onEdit }) {
  const acts = product.acts.map((label) => ({ label, onClick: label === 'Edit' ? onEdit : () => {} }));
  switch (panel.Row) {
    case 'buttons':
      return acts.map((a) => <kit.Button key={a.label} kind="subtle" onClick={a.onClick}>{a.label}</kit.Button>);
    case 'icons':
      return acts.map((a) => <kit.Button key={a.label} kind="icon" label={a.label} onClick={a.onClick}>{{ Edit: '✎', Delete: '🗑' }[a.label] || '•'}</kit.Button>);
    case 'link':
      return null;
    case 'two':
      return <><kit.Menu label="Share" acts={[{ label: 'Copy link', onClick() {} }]} /><kit.Menu label="Actions" acts={acts} /></>;
    default:
      return <kit.Menu label={{ named: 'Actions for ' + item.name, unnamed: '' }[panel.Row] ?? 'Actions'} acts={acts} />;
  }
}

// Plain is a table of plain HTML; with NoHead an empty header cell is a <td>, as
// some libraries draw it.
function Plain({ head, rows }) {
  return <table><thead><tr>{head.map((h, n) => (panel.NoHead ? <td key={n}>{h}</td> : <th key={n}>{h}</th>))}</tr></thead>
    <tbody>{rows.map((r) => <tr key={r.id}>{r.cells.map((c, n) => <td key={n}>{c}</td>)}</tr>)}
      {rows.length === 0 && <tr><td colSpan={head.length}>No data</td></tr>}</tbody></table>;
}

function Grid({ head, rows }) {
  const line = { display: 'grid', gridTemplateColumns: `repeat(${head.length}, 1fr)` };
  return <div role="grid" aria-label="List"><div role="row" style={line}>{head.map((h, n) => <div role="columnheader" key={n}>{h}</div>)}</div>
    {rows.map((r) => <div role="row" style={line} key={r.id}>{r.cells.map((c, n) => <div role="gridcell" key={n}>{c}</div>)}</div>)}</div>;
}

function Cards({ head, rows }) {
  return <ul style={{ listStyle: 'none', padding: 0 }}>{rows.map((r) => <li key={r.id} style={{ border: '1px solid', margin: 8, padding: 8 }}>
    <h3>{r.cells[r.name]}</h3><dl>{r.cells.slice(0, -1).map((c, n) => n !== r.name && <div key={n}><dt>{head[n]}</dt><dd>{c}</dd></div>)}</dl>{r.cells.at(-1)}</li>)}</ul>;
}

function ListPage({ kit, list, onEdit, made }) {
  const [items, setItems] = useState([]);
  const [total, setTotal] = useState(0);
  const [from, setFrom] = useState(0);
  const end = useRef(null);
  const size = panel.PageOf;
  const grows = panel.Grows || panel.Next === 'scroll';
  useEffect(() => {
    let gone = false;
    const [at, some] = grows ? [0, from + size] : [from, size];
    get(`/data/${list.key}?from=${at}&size=${size ? some : 0}`).then((a) => { if (!gone) { setItems(a.items || []); setTotal(a.total); } });
    return () => { gone = true; };
  }, [from, made]);
  const more = size > 0 && from + size < total;
  useEffect(() => {
    if (panel.Next !== 'scroll' || !more) return undefined;
    const seen = new IntersectionObserver(([e]) => e.isIntersecting && setFrom(from + size));
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [items, more]);
  const head = [...list.columns.map((f) => f.label), ''];
  const rows = items.map((item) => ({
    id: item.id, name: list.columns.findIndex((f) => f.key === 'name'),
    cells: [...list.columns.map((f) => (f.key !== 'name' ? item[f.key]
      : <>{panel.Row === 'link' ? <a href="#edit" onClick={(e) => { e.preventDefault(); onEdit(item); }}>{item.name}</a> : item.name}
        {panel.Badge && <kit.Badge>Active</kit.Badge>}</>)),
    <span key="acts" data-testid={'acts-' + item.name}><Acts kit={kit} item={item} onEdit={() => onEdit(item)} /></span>],
  }));
  const Draw = { table: Plain, grid: Grid, cards: Cards, library: kit.Table }[panel.List];
  return (<>
    <h2>{list.title}</h2>
    <kit.Button kind="primary" onClick={() => onEdit({})}>Add</kit.Button>
    <Draw head={head} rows={rows} label={list.title} />
    {size > 0 && panel.Next === 'scroll' && <div ref={end} style={{ height: 8 }} />}
    {size > 0 && panel.Next !== 'scroll' && (panel.Next
      ? (!grows || more) && <kit.Button disabled={!more} onClick={() => setFrom(from + size)}>{panel.Next}</kit.Button>
      : <kit.Pager page={from / size + 1} pages={Math.max(1, Math.ceil(total / size))} onPage={(n) => setFrom((n - 1) * size)} />)}
  </>);
}

// Nav leads to the lists: by links below headings.
function Nav({ onList }) {
  return <nav>{product.lists.map((l) => <div key={l.key}><h4>{l.heading}</h4><a href={'#' + l.key} onClick={() => onList(l)}>{l.title}</a></div>)}</nav>;
}

function App({ kit }) {
  const [list, setList] = useState(product.lists.find((l) => l.key === 'connections'));
  const [item, setItem] = useState(null);
  const [made, setMade] = useState(0);
  const close = () => setItem(null);
  const done = () => { close(); setTimeout(() => setMade((n) => n + 1), 150); };
  const title = `${item?.id ? 'Edit' : 'Add'} ${list.one}`;
  const form = item && <ItemForm kit={kit} list={list} item={item} onDone={done} onCancel={close} />;
  const page = item && panel.Form === 'page';
  return (<div style={{ display: 'flex', gap: 24, padding: 16 }}>
    <Nav onList={(l) => { setList(l); close(); }} />
    <main style={{ flex: 1 }}>{page ? <><h2>{title}</h2>{form}</> : <ListPage key={list.key} kit={kit} list={list} onEdit={setItem} made={made} />}</main>
    {!page && <kit.Over open={!!item} title={title} onClose={close}>{form}</kit.Over>}
  </div>);
}

export function start(kit) {
  createRoot(document.getElementById('root')).render(<kit.Root><App kit={kit} /></kit.Root>);
}

import { useState } from 'react';
import {
  Autocomplete, Button, Chip, CssBaseline, Dialog, DialogContent, DialogTitle, Drawer, FormControl, FormControlLabel, FormHelperText, IconButton, InputAdornment, InputLabel,
  ListSubheader, Menu, MenuItem, Pagination, Paper, Select, Stack, Switch, Table, TableBody, TableCell, TableContainer, TableHead, TableRow, TextField,
} from '@mui/material';
import { grouped, panel, start, useOptions } from './app.jsx';

const how = panel.Choice;

function Choice({ field, model, value, set, help }) {
  const [typed, setTyped] = useState('');
  const { options, loading } = useOptions(model.list, field, typed);
  const id = 'mui-' + field.key;
  if (how.Search === 'yes' || how.From === 'typing') {
    const heads = new Map(grouped(options).flatMap(([head, some]) => some.map((o) => [o, head])));
    return <Autocomplete id={id} options={options} value={value || null} onChange={(_, v) => set(v ?? '')} loading={loading} disableClearable={!how.Clear} disablePortal={how.Inline}
      groupBy={how.Groups ? (o) => heads.get(o) : undefined} onInputChange={(_, v, why) => why === 'input' && setTyped(v)} filterOptions={how.From === 'typing' ? (o) => o : undefined}
      renderInput={(params) => <TextField {...params} label={field.label} required={field.required} error={help.wrong} helperText={help.text} margin="dense" />} />;
  }
  const item = (o) => <MenuItem key={o} value={o}>{o}</MenuItem>;
  return <FormControl fullWidth margin="dense" required={field.required} error={help.wrong}>
    <InputLabel id={id + '-label'}>{field.label}</InputLabel>
    <Select id={id} labelId={id + '-label'} label={field.label} value={loading ? '' : value} onChange={(e) => set(e.target.value)} MenuProps={{ disablePortal: how.Inline }}
      endAdornment={how.Clear && value ? <InputAdornment position="end" sx={{ mr: 2 }}><IconButton aria-label="Clear" size="small" onClick={() => set('')}>×</IconButton></InputAdornment> : undefined}>
      {loading ? <MenuItem disabled value="">Loading…</MenuItem>
        : how.Groups ? grouped(options).flatMap(([head, some]) => [<ListSubheader key={head}>{head}</ListSubheader>, ...some.map(item)]) : options.map(item)}
    </Select>
    {help.text && <FormHelperText>{help.text}</FormHelperText>}
  </FormControl>;
}

function Acts({ label, acts }) {
  const [at, setAt] = useState(null);
  return <><IconButton aria-label={label || undefined} aria-haspopup="true" aria-expanded={at ? true : undefined} onClick={(e) => setAt(e.currentTarget)}>⋮</IconButton>
    <Menu anchorEl={at} open={!!at} onClose={() => setAt(null)}>{acts.map((a) => <MenuItem key={a.label} onClick={() => { setAt(null); a.onClick(); }}>{a.label}</MenuItem>)}</Menu></>;
}

start({
  Root: ({ children }) => <><CssBaseline />{children}</>,
  Button: ({ kind, label, disabled, expanded, onClick, children }) => kind === 'icon' ? <IconButton aria-label={label} onClick={onClick}>{children}</IconButton>
    : <Button variant={kind === 'primary' ? 'contained' : 'text'} disabled={disabled} aria-expanded={expanded} onClick={onClick}>{children}</Button>,
  Menu: Acts,
  Badge: ({ children }) => <Chip size="small" color="success" label={children} />,
  Pager: ({ page, pages, onPage }) => <Pagination page={page} count={pages} onChange={(_, n) => onPage(n)} />,
  Table: ({ head, rows, label }) => <TableContainer component={Paper}><Table aria-label={label}><TableHead><TableRow>{head.map((h, n) => <TableCell key={n}>{h}</TableCell>)}</TableRow></TableHead>
    <TableBody>{rows.map((r) => <TableRow key={r.id}>{r.cells.map((c, n) => <TableCell key={n}>{c}</TableCell>)}</TableRow>)}
      {rows.length === 0 && <TableRow><TableCell colSpan={head.length} align="center">No rows</TableCell></TableRow>}</TableBody></Table></TableContainer>,
  Over: ({ open, title, onClose, children }) => panel.Form === 'drawer'
    ? <Drawer anchor="right" open={open} onClose={onClose}><div style={{ width: 480, padding: 24 }}><h2>{title}</h2>{children}</div></Drawer>
    : <Dialog open={open} onClose={onClose} fullWidth aria-labelledby="over"><DialogTitle id="over">{title}</DialogTitle><DialogContent>{children}</DialogContent></Dialog>,
  Form: ({ model, onCancel, children }) => <form noValidate autoComplete="off" onSubmit={(e) => { e.preventDefault(); model.submit(); }}>{children}
    <Stack direction="row" spacing={1} justifyContent="flex-end"><Button onClick={onCancel}>Cancel</Button><Button type="submit" variant="contained" loading={model.busy}>Save</Button></Stack></form>,
  Field: ({ field, model, value, error, set }) => {
    const help = { wrong: !!error, text: error || field.help };
    if (field.kind === 'choice') return <Choice field={field} model={model} value={value} set={set} help={help} />;
    if (field.kind === 'toggle') return <FormControlLabel control={<Switch checked={String(value) === 'true'} onChange={(e) => set(e.target.checked)} />} label={field.label} />;
    return <TextField id={'mui-' + field.key} label={field.label} required={field.required} value={value} onChange={(e) => set(e.target.value)} error={help.wrong} helperText={help.text}
      multiline={field.kind === 'area'} type={{ number: 'number', secret: 'password' }[field.kind] || 'text'} autoComplete={field.kind === 'secret' ? 'new-password' : 'off'}
      slotProps={{ input: { readOnly: field.kind === 'readonly' } }} fullWidth margin="dense" />;
  },
});

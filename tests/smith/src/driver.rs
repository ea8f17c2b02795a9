//! The module that calls every exported function of another one.

use std::fmt::Write;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

struct Exported {
    name: String,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

/// The functions that `module` exports, with the types that a driver can give and take.
fn exported_functions(module: &[u8]) -> Vec<Exported> {
    let mut types = Vec::new();
    let mut functions = Vec::new();
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(module).flatten() {
        match payload {
            Payload::TypeSection(section) => {
                for group in section.into_iter().flatten() {
                    for sub in group.into_types() {
                        types.push(match &sub.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(f) => {
                                Some((f.params().to_vec(), f.results().to_vec()))
                            }
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports().flatten() {
                    if let TypeRef::Func(index) | TypeRef::FuncExact(index) = import.ty {
                        functions.push(index);
                    }
                }
            }
            Payload::FunctionSection(section) => functions.extend(section.into_iter().flatten()),
            Payload::ExportSection(section) => {
                for export in section.into_iter().flatten() {
                    if export.kind != ExternalKind::Func {
                        continue;
                    }
                    let index = functions[export.index as usize] as usize;
                    if let Some((params, results)) = &types[index] {
                        found.push(Exported {
                            name: export.name.to_owned(),
                            params: params.clone(),
                            results: results.clone(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    found.retain(|f| f.params.iter().chain(&f.results).all(|t| plain(*t)));
    found
}

/// Numbers and vectors; references stay inside the module.
fn plain(t: ValType) -> bool {
    matches!(t, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 | ValType::V128)
}

fn constant(t: ValType, salt: usize) -> String {
    match t {
        ValType::I32 => format!("(i32.const {})", salt * 7 + 1),
        ValType::I64 => format!("(i64.const {})", salt * 1_000_003),
        ValType::F32 => "(f32.const nan:0x200001)".to_owned(),
        ValType::F64 => format!("(f64.const {salt}.5)"),
        _ => format!("(v128.const i64x2 {salt} -1)"),
    }
}

/// Turns the value on the stack into an i64 and folds it into global $sum.
fn fold(t: ValType) -> &'static str {
    match t {
        ValType::I32 => "i64.extend_i32_u",
        ValType::I64 => "",
        ValType::F32 => "i32.reinterpret_f32 i64.extend_i32_u",
        ValType::F64 => "i64.reinterpret_f64",
        _ => "local.set $v (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)) i64.xor",
    }
}

pub fn for_module(module: &[u8]) -> Vec<u8> {
    let functions = exported_functions(module);
    let mut text = String::from("(module\n");
    text += "(import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))\n";
    for (i, f) in functions.iter().enumerate() {
        let name: String = f.name.bytes().map(|b| format!("\\{b:02x}")).collect();
        let list = |word: &str, types: &[ValType]| {
            types.iter().fold(String::new(), |mut all, t| {
                let _ = write!(all, " ({word} {})", t.to_string());
                all
            })
        };
        let _ = writeln!(text, "(import \"m\" \"{name}\" (func $f{i}{}{}))",
                         list("param", &f.params), list("result", &f.results));
    }
    text += "(memory (export \"memory\") 1)\n(global $sum (mut i64) (i64.const 0))\n";
    text += "(func (export \"_start\") (local $v v128)\n";
    for (i, f) in functions.iter().enumerate() {
        for (salt, t) in f.params.iter().enumerate() {
            text += &constant(*t, salt + i);
        }
        let _ = writeln!(text, "call $f{i}");
        for t in f.results.iter().rev() {
            let _ = writeln!(text, "{} (i64.mul (global.get $sum) (i64.const 31)) i64.add global.set $sum", fold(*t));
        }
    }
    text += "(i64.store (i32.const 16) (global.get $sum))\n";
    text += "(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 8))\n";
    text += "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))\n";
    wat::parse_str(&text).unwrap_or_else(|e| panic!("driver: {e}\n{text}"))
}

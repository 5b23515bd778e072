// Reads a Terraform module with HashiCorp's own parser and prints, as JSON, the values of its expressions:
// terraform-values <folder> [name=value...]. Where the value is a list or map it is written as in HCL.
// What only AWS knows, such as an ARN, is "<type>.<name>.arn".
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type resource struct {
	Type   string           `json:"type"`
	Name   string           `json:"name"`
	Values map[string]any   `json:"values"`
	Blocks map[string][]any `json:"blocks"`
}

type result struct {
	Formatted bool           `json:"formatted"`
	Resources []resource     `json:"resources"`
	Outputs   map[string]any `json:"outputs"`
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, given []string) error {
	path := filepath.Join(folder, "main.tf")
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, diagnostics := hclparse.NewParser().ParseHCL(source, path)
	if diagnostics.HasErrors() {
		return diagnostics
	}
	body := file.Body.(*hclsyntax.Body)
	scope := &hcl.EvalContext{Functions: functions(), Variables: map[string]cty.Value{
		"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(folder)}),
		"data": cty.ObjectVal(map[string]cty.Value{
			"aws_partition":       current("partition", "aws-us-gov"),
			"aws_caller_identity": current("account_id", "123456789012"),
		}),
	}}
	if err := variables(body, given, scope); err != nil {
		return err
	}
	if err := checkConditions(body.Blocks, "variable", scope); err != nil {
		return err
	}
	if err := settle(body, scope); err != nil {
		return err
	}
	out := result{Formatted: string(hclwrite.Format(source)) == string(source), Outputs: map[string]any{}}
	for _, block := range body.Blocks {
		switch block.Type {
		case "resource":
			values, blocks, err := contents(block.Body, scope)
			if err != nil {
				return err
			}
			if err := checkConditions(block.Body.Blocks, "lifecycle", scope); err != nil {
				return err
			}
			// Not arguments of the provider.
			delete(blocks, "lifecycle")
			if count, found := values["count"]; found {
				delete(values, "count")
				if string(count.(json.RawMessage)) == "0" {
					continue
				}
			}
			out.Resources = append(out.Resources, resource{block.Labels[0], block.Labels[1], values, blocks})
		case "output":
			values, _, err := contents(block.Body, scope)
			if err != nil {
				return err
			}
			out.Outputs[block.Labels[0]] = values["value"]
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// A data source named "current", with an answer of AWS.
func current(attribute, value string) cty.Value {
	answer := cty.ObjectVal(map[string]cty.Value{attribute: cty.StringVal(value)})
	return cty.ObjectVal(map[string]cty.Value{"current": answer})
}

// What a plan refuses: a validation or precondition in one of these blocks that does not hold.
func checkConditions(blocks hclsyntax.Blocks, parent string, scope *hcl.EvalContext) error {
	for _, block := range blocks {
		if block.Type != parent {
			continue
		}
		for _, condition := range block.Body.Blocks {
			values, _, err := contents(condition.Body, scope)
			if err != nil {
				return err
			}
			if string(values["condition"].(json.RawMessage)) != "true" {
				return fmt.Errorf("%s", values["error_message"])
			}
		}
	}
	return nil
}

// Every variable has its default or is given.
func variables(body *hclsyntax.Body, given []string, scope *hcl.EvalContext) error {
	values := map[string]cty.Value{}
	for _, block := range body.Blocks {
		if block.Type != "variable" {
			continue
		}
		if attribute, found := block.Body.Attributes["default"]; found {
			value, diagnostics := attribute.Expr.Value(nil)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			values[block.Labels[0]] = value
		} else {
			values[block.Labels[0]] = cty.NilVal
		}
	}
	for _, one := range given {
		name, text, _ := strings.Cut(one, "=")
		if _, declared := values[name]; !declared {
			return fmt.Errorf("there is no variable %s", name)
		}
		expression, diagnostics := hclsyntax.ParseExpression([]byte(text), name, hcl.InitialPos)
		value := cty.StringVal(text)
		if !diagnostics.HasErrors() {
			if parsed, more := expression.Value(nil); !more.HasErrors() {
				value = parsed
			}
		}
		values[name] = value
	}
	for name, value := range values {
		if value == cty.NilVal {
			return fmt.Errorf("the variable %s needs a value", name)
		}
	}
	scope.Variables["var"] = cty.ObjectVal(values)
	return nil
}

// Locals and names of resources refer to each other: goes round until nothing new can be worked out.
func settle(body *hclsyntax.Body, scope *hcl.EvalContext) error {
	locals := map[string]cty.Value{}
	types := map[string]map[string]cty.Value{}
	for {
		before := len(locals)
		var pending hcl.Diagnostics
		for _, block := range body.Blocks {
			switch block.Type {
			case "resource":
				known := map[string]cty.Value{
					"arn": cty.StringVal(strings.Join(block.Labels, ".") + ".arn"),
					"url": cty.StringVal(strings.Join(block.Labels, ".") + ".url"),
				}
				if attribute, found := block.Body.Attributes["name"]; found {
					if value, diagnostics := attribute.Expr.Value(scope); !diagnostics.HasErrors() {
						known["name"] = value
					}
				}
				if types[block.Labels[0]] == nil {
					types[block.Labels[0]] = map[string]cty.Value{}
				}
				types[block.Labels[0]][block.Labels[1]] = cty.ObjectVal(known)
				scope.Variables[block.Labels[0]] = cty.ObjectVal(types[block.Labels[0]])
			case "locals":
				for name, attribute := range block.Body.Attributes {
					value, diagnostics := attribute.Expr.Value(scope)
					if diagnostics.HasErrors() {
						pending = append(pending, diagnostics...)
						continue
					}
					locals[name] = value
				}
				scope.Variables["local"] = cty.ObjectVal(locals)
			}
		}
		if len(pending) == 0 {
			return nil
		}
		if len(locals) == before {
			return pending
		}
	}
}

func contents(body *hclsyntax.Body, scope *hcl.EvalContext) (map[string]any, map[string][]any, error) {
	values := map[string]any{}
	for name, attribute := range body.Attributes {
		value, diagnostics := attribute.Expr.Value(scope)
		if diagnostics.HasErrors() {
			return nil, nil, diagnostics
		}
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return nil, nil, err
		}
		values[name] = json.RawMessage(text)
	}
	blocks := map[string][]any{}
	for _, block := range body.Blocks {
		name, inside, times := block.Type, block.Body, 1
		if block.Type == "dynamic" {
			each, diagnostics := block.Body.Attributes["for_each"].Expr.Value(scope)
			if diagnostics.HasErrors() {
				return nil, nil, diagnostics
			}
			name, inside, times = block.Labels[0], block.Body.Blocks[0].Body, each.LengthInt()
		}
		for range times {
			inner, nested, err := contents(inside, scope)
			if err != nil {
				return nil, nil, err
			}
			for inner_name, one := range nested {
				inner[inner_name] = one
			}
			blocks[name] = append(blocks[name], inner)
		}
	}
	return values, blocks, nil
}

func functions() map[string]function.Function {
	return map[string]function.Function{
		"can": tryfunc.CanFunc, "try": tryfunc.TryFunc,
		"concat": stdlib.ConcatFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"contains": stdlib.ContainsFunc, "regex": stdlib.RegexFunc,
		"merge": stdlib.MergeFunc, "keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc,
		"file": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "path", Type: cty.String}},
			Type:   function.StaticReturnType(cty.String),
			Impl: func(arguments []cty.Value, _ cty.Type) (cty.Value, error) {
				text, err := os.ReadFile(arguments[0].AsString())
				return cty.StringVal(string(text)), err
			},
		}),
		// As Terraform has it: an object without the member gives the default, whatever its type.
		"lookup": function.New(&function.Spec{
			Params: []function.Parameter{
				{Name: "map", Type: cty.DynamicPseudoType},
				{Name: "key", Type: cty.String},
				{Name: "default", Type: cty.DynamicPseudoType},
			},
			Type: func(arguments []cty.Value) (cty.Type, error) {
				return lookup(arguments).Type(), nil
			},
			Impl: func(arguments []cty.Value, _ cty.Type) (cty.Value, error) {
				return lookup(arguments), nil
			},
		}),
		"one": function.New(&function.Spec{
			Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
			Type: func(arguments []cty.Value) (cty.Type, error) {
				values := arguments[0].AsValueSlice()
				if len(values) != 1 {
					return cty.NilType, errors.New("the list must have one element")
				}
				return values[0].Type(), nil
			},
			Impl: func(arguments []cty.Value, _ cty.Type) (cty.Value, error) {
				return arguments[0].AsValueSlice()[0], nil
			},
		}),
	}
}

func lookup(arguments []cty.Value) cty.Value {
	if value, found := arguments[0].AsValueMap()[arguments[1].AsString()]; found {
		return value
	}
	return arguments[2]
}

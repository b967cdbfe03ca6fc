"""The functions of torch that are replaced while a loop is watched: they explain, and mark epochs; none decides."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.compiler import is_compiling
from torch.nn import functional
from torch.nn.modules.dropout import _DropoutNd
from torch.optim import Optimizer, lr_scheduler
from torch.utils.data import DataLoader
from torch.utils.data import dataloader as loading

from .books import Books
from .loss_watch import LossWatch
from .losses import NAMES
from .pass_watch import PassWatch
from .passes import Pass
from .patches import Function, Patches
from .step_watch import StepWatch

_task_id = torch._C._current_graph_task_id
_functorch_level = torch._C._functorch.maybe_current_level
_tracing = torch._C._get_tracing_state
#: a limit that limits nothing
NO_LIMIT = 1e6
FUNCTIONAL = ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian")


class Watching:
    """All patches; each calls the original with the arguments that it was given."""

    def __init__(self, books: Books, step_watch: StepWatch, pass_watch: PassWatch) -> None:
        self._books = books
        self._step_watch = step_watch
        self._pass_watch = pass_watch
        self._loss_watch = LossWatch(books)
        self._patches = Patches()

    def install(self) -> None:
        """Replace everything."""
        self._optimizers()
        self._calls()
        self._autograd()
        self._functional()
        self._happenings()
        self._losses()
        self._judgements()
        self._dropout()
        self._loaders()
        self._scaling()
        self._patches.replace(torch.jit, "script", self._scripting)

    def was_undone(self) -> bool:
        """Whether somebody put back what stood there before; a student's own wrapper around ours is none."""
        return bool(self._patches.undone() & {"backward", "zero_grad", "add_param_group"})

    def restore(self) -> None:
        """Put everything back."""
        self._patches.restore()

    # -- calls of the loop ------------------------------------------------------------------------------

    def _noting(self, observer: str, note: Callable[[], object]) -> Callable[[Function], Function]:
        """A patch that calls `note` before the original."""
        ledger, steady = self._books.ledger, self._books.steady

        def make(original: Function) -> Function:
            def call(*args: Any, **kwargs: Any) -> Any:
                # in calm times steps belong to patterns that are known
                if not is_compiling() and (ledger.close or (steady.on and not steady.clears())):
                    self._books.tried(observer, note)
                return original(*args, **kwargs)

            return call

        return make

    def _calls(self) -> None:
        self._patches.replace(Optimizer, "zero_grad", self._noting("clearing", self._cleared))
        self._patches.replace(nn.Module, "zero_grad", self._noting("clearing", self._cleared))
        for owner in (nn.utils, nn.utils.clip_grad):
            for name in ("clip_grad_norm_", "clip_grad_value_"):
                self._patches.replace(owner, name, self._clipping)
        kinds = [kind for kind in vars(lr_scheduler).values() if isinstance(kind, type)]
        for kind in (kind for kind in kinds if issubclass(kind, lr_scheduler.LRScheduler)):
            if "__init__" in vars(kind):
                self._patches.replace(kind, "__init__", self._making_scheduler)
            if "step" in vars(kind):
                self._patches.replace(kind, "step", self._stepping_scheduler)

    def _cleared(self) -> None:
        books = self._books
        line = books.lines.here()
        books.calls.note("zero_grad", line)
        books.passes.clock += 1
        books.steps.last_clearing = (books.passes.clock, line)

    def _clipping(self, original: Function) -> Function:
        """A patch that looks at the parameters first. An iterator can be read only once, so a new one is passed on."""
        books = self._books

        def clip(*args: Any, **kwargs: Any) -> Any:
            given = args[0] if args else kwargs.get("parameters")
            if is_compiling() or not books.ledger.close or given is None:
                return original(*args, **kwargs)
            leaves = [given] if isinstance(given, Tensor) else list(given)
            books.tried("clipping", lambda: self._clipped(leaves, [*args[1:2], *kwargs.values()]))
            whole: list[Tensor] = []
            books.tried("clipping", lambda: whole.extend(books.steps.judge.untouched(leaves)))
            if isinstance(given, Iterator):
                again = (leaf for leaf in leaves)
                result = original(again, *args[1:], **kwargs) if args else original(**{**kwargs, "parameters": again})
            else:
                result = original(*args, **kwargs)
            books.tried("clipping", lambda: books.steps.judge.limited(whole))
            return result

        return clip

    def _clipped(self, leaves: list[Any], limits: list[Any]) -> None:
        line = self._books.lines.here()
        self._books.calls.note("clip", line)
        if any(isinstance(limit, int | float) and limit >= NO_LIMIT for limit in limits):
            return  # only the norm was asked for
        self._books.clips.note(line, [leaf for leaf in leaves if isinstance(leaf, Tensor)])

    def _making_scheduler(self, original: Function) -> Function:
        books = self._books

        def init(scheduler: Any, *args: Any, **kwargs: Any) -> None:
            original(scheduler, *args, **kwargs)
            arguments = (*args, *kwargs.values())
            books.tried("schedulers", lambda: books.schedulers.made(scheduler, arguments, books.lines.here()))

        return init

    def _stepping_scheduler(self, original: Function) -> Function:
        """Unless a scheduler called it: itself while it was made, or one that combines others."""

        def step(scheduler: Any, *args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_code.co_filename != lr_scheduler.__file__:
                told = bool(args or kwargs)
                self._books.tried("schedulers", lambda: self._scheduled(scheduler, told))
            return original(scheduler, *args, **kwargs)

        return step

    def _scheduled(self, scheduler: Any, told: bool) -> None:
        books = self._books
        line = books.lines.here()
        if books.ledger.close:
            books.calls.note("scheduler", line)
        books.schedulers.stepped(scheduler, line, told)

    def _copied(self, parameter: nn.Parameter) -> None:
        buffer = self._books.ledger.known(parameter)
        if buffer is not None and buffer.applied:
            self._books.happenings.copied.note(self._books.lines.here())

    def _happenings(self) -> None:
        """Calls that are rare: weights loaded, seeds set."""
        books, happenings = self._books, self._books.happenings

        def load_state(original: Function) -> Function:
            def load_state_dict(*args: Any, **kwargs: Any) -> Any:
                books.tried("happenings", lambda: happenings.module_loaded(books.lines.here()))
                return original(*args, **kwargs)

            return load_state_dict

        def load_file(original: Function) -> Function:
            def load(*args: Any, **kwargs: Any) -> Any:
                unsafe = kwargs.get("weights_only") is False
                books.tried("happenings", lambda: happenings.file_loaded(books.lines.here(), unsafe))
                return original(*args, **kwargs)

            return load

        def seed(original: Function) -> Function:
            def manual_seed(*args: Any, **kwargs: Any) -> Any:
                number = args[0] if args else kwargs.get("seed")
                books.tried("happenings", lambda: happenings.seeded(number, books.lines.here()))
                return original(*args, **kwargs)

            return manual_seed

        def copy(original: Function) -> Function:
            def deepcopy(parameter: nn.Parameter, memo: Any) -> Any:
                books.tried("happenings", lambda: self._copied(parameter))
                return original(parameter, memo)

            return deepcopy

        self._patches.replace(nn.Parameter, "__deepcopy__", copy)
        self._patches.replace(nn.Module, "load_state_dict", load_state)
        self._patches.replace(torch, "load", load_file)
        self._patches.replace(torch, "manual_seed", seed)

    def _functional(self) -> None:
        books = self._books

        def make(original: Function) -> Function:
            def call(*args: Any, **kwargs: Any) -> Any:
                if not is_compiling():
                    books.tried("functional", lambda: books.hand.functional.note(books.lines.here()))
                return original(*args, **kwargs)

            return call

        for name in FUNCTIONAL:
            self._patches.replace(torch.func, name, make)

    def _optimizers(self) -> None:
        def make(original: Function) -> Function:
            def add_param_group(optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
                result = original(optimizer, *args, **kwargs)
                self._books.tried("optimizers", lambda: self._step_watch.holds(optimizer))
                return result

            return add_param_group

        self._patches.replace(Optimizer, "add_param_group", make)

    # -- backward passes --------------------------------------------------------------------------------

    def _autograd(self) -> None:
        watch, steady = self._pass_watch, self._books.steady

        def make_backward(original: Function) -> Function:
            def backward(*args: Any, **kwargs: Any) -> Any:
                tensors = args[0] if args else kwargs.get("tensors")
                weights = args[1] if len(args) > 1 else kwargs.get("grad_tensors")
                weighted = weights is not None and _is_weighted(weights)
                if steady.on and steady.begins(tensors, weighted):
                    result = original(*args, **kwargs)
                    steady.ended()
                    return result
                running = self._begun(watch.begins, tensors, weighted)
                if running is None:
                    return original(*args, **kwargs)
                raised = True
                try:
                    result = original(*args, **kwargs)
                    raised = False
                    return result
                finally:
                    self._end(watch.ended, running, tensors, raised)

            return backward

        def make_grad(original: Function) -> Function:
            def grad(*args: Any, **kwargs: Any) -> Any:
                outputs = args[0] if args else kwargs.get("outputs")
                inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
                steady.leave()
                running = self._begun(watch.gradients_asked, outputs, inputs)
                try:
                    return original(*args, **kwargs)
                finally:
                    if running is not None:
                        self._end(watch.gradients_given, running, outputs)

            return grad

        self._patches.replace(torch.autograd, "backward", make_backward)
        self._patches.replace(torch.autograd, "grad", make_grad)

    def _begun(self, begin: Callable[..., Pass | None], *arguments: Any) -> Pass | None:
        """The pass that begins; None when there is nothing to follow, or we failed."""
        books = self._books
        if books.closed or "backward" in books.guard.failed:
            return None
        try:
            return begin(*arguments)
        except Exception as error:
            books.guard.note("backward", error)
            return None

    def _end(self, end: Callable[..., None], *arguments: Any) -> None:
        books = self._books
        if books.closed or "backward" in books.guard.failed:
            return
        try:
            end(*arguments)
        except Exception as error:
            books.guard.note("backward", error)

    # -- losses and evaluations -------------------------------------------------------------------------

    def _losses(self) -> None:
        books, ended, steady = self._books, self._loss_watch.ended, self._books.steady

        def maker(name: str) -> Callable[[Function], Function]:
            def make(original: Function) -> Function:
                def loss(*args: Any, **kwargs: Any) -> Any:
                    if is_compiling():
                        return original(*args, **kwargs)
                    result = None
                    try:
                        result = original(*args, **kwargs)
                        return result
                    finally:
                        if not (steady.on and steady.loses(name, result)) and _can_look():
                            steady.leave()
                            books.tried("losses", lambda: ended(name, original, args, kwargs, result))

                return loss

            return make

        for name in NAMES:
            self._patches.replace(functional, name, maker(name))

    def _judgements(self) -> None:
        """What shows that an output is an evaluation's, and other names under which an output goes on."""
        for owner in (torch, Tensor):
            for name, place in (("argmax", 1), ("max", 1), ("topk", 2), ("round", 9)):
                self._patches.replace(owner, name, self._judged(renames=False, place=place))
        for owner in (torch, Tensor, functional):
            for name in ("softmax", "log_softmax", "sigmoid"):
                self._patches.replace(owner, name, self._judged(renames=True))

    def _judged(self, renames: bool, place: int = 9) -> Callable[[Function], Function]:
        """`place`: which argument names the axis."""
        forwards, steady = self._books.forwards, self._books.steady

        def make(original: Function) -> Function:
            def call(*args: Any, **kwargs: Any) -> Any:
                result = original(*args, **kwargs)
                tensor = args[0] if args else kwargs.get("input")
                if isinstance(tensor, Tensor) and _can_look():
                    axis = args[place] if len(args) > place else kwargs.get("dim")
                    if steady.on and steady.judges(tensor, renames, axis):
                        return result
                    self._books.tried("judged", lambda: forwards.judge(tensor, result if renames else None, axis))
                return result

            return call

        return make

    def _dropout(self) -> None:
        books = self._books

        def make(original: Function) -> Function:
            def drop(*args: Any, **kwargs: Any) -> Any:
                if not is_compiling() and books.forwards.depth:
                    books.tried("dropout", lambda: self._dropped(args, kwargs))
                return original(*args, **kwargs)

            return drop

        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"):
            self._patches.replace(functional, name, make)

    def _dropped(self, args: Any, kwargs: Any) -> None:
        """Dropout is called: does it drop although nobody could have asked for it?

        A layer knows its mode, unless it is made anew for each call; a plain call knows only what it is told.
        """
        root = self._books.forwards.evaluating()
        share = args[1] if len(args) > 1 else kwargs.get("p", 0.5)
        if root is None or not share:
            return
        told = args[2] if len(args) > 2 else kwargs.get("training")
        # past this method, the lambda, `tried` and the patch
        layer = sys._getframe(4).f_locals.get("self")
        known = not isinstance(layer, _DropoutNd) or any(layer is part for part in root.modal)
        if told is None or (told and not known):
            self._books.dropped.note(self._books.lines.here())

    # -- data, mixed precision, scripting ---------------------------------------------------------------

    def _loaders(self) -> None:
        steady = self._books.steady

        def make_iter(original: Function) -> Function:
            def iterate(loader: DataLoader[Any]) -> Any:
                iterator, caller = original(loader), sys._getframe(1)
                self._books.tried("loaders", lambda: self._iterated(loader, iterator, _is_loop(caller)))
                return iterator

            return iterate

        def make_next(original: Function) -> Function:
            def following(iterator: Any) -> Any:
                try:
                    batch = original(iterator)
                except StopIteration:
                    self._books.tried("loaders", lambda: self._exhausted(iterator))
                    raise
                if not (steady.on and steady.yields(iterator)):
                    self._books.tried("loaders", lambda: self._yielded(iterator, batch))
                elif steady.labelled:
                    self._books.tried("loaders", lambda: self._books.epochs.look_at_labels(batch))
                return batch

            return following

        self._patches.replace(DataLoader, "__iter__", make_iter)
        self._patches.replace(loading._BaseDataLoaderIter, "__next__", make_next)

    def _iterated(self, loader: DataLoader[Any], iterator: Any, by_loop: bool) -> None:
        books = self._books
        books.steady.leave()
        facts = books.loaders.started(loader, books.lines.here())
        if facts is not None:
            facts.looped += by_loop
        books.epochs.iterate(loader, iterator, facts)
        books.pairs.started()

    def _yielded(self, iterator: Any, batch: object) -> None:
        books = self._books
        books.epochs.yielded(iterator, batch)
        books.forwards.loader_pass = books.epochs.pass_number
        if books.pairs.active:
            books.tried("pairs", lambda: books.pairs.yielded(batch, iterator._dataset))
        if books.answers.on:
            books.answers.yielded(books.epochs.current, batch)

    def _exhausted(self, iterator: Any) -> None:
        self._books.steady.leave()
        self._books.epochs.exhausted(iterator)

    def _scaling(self) -> None:
        def make_scale(original: Function) -> Function:
            def scale(scaler: Any, outputs: Any, *args: Any, **kwargs: Any) -> Any:
                result = original(scaler, outputs, *args, **kwargs)
                if isinstance(outputs, Tensor) and isinstance(result, Tensor) and result is not outputs:
                    self._pass_watch.scaled(outputs, result)
                return result

            return scale

        def make_step(original: Function) -> Function:
            def step(scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
                before = self._books.updates
                result = original(scaler, optimizer, *args, **kwargs)
                if self._books.updates == before:
                    self._books.tried("scaling", lambda: self._step_watch.skipped(optimizer))
                return result

            return step

        self._patches.replace(torch.amp.GradScaler, "scale", make_scale)
        self._patches.replace(torch.amp.GradScaler, "step", make_step)

    def _scripting(self, original: Function) -> Function:
        """A compiler that reads the text of functions must find the originals."""

        def script(obj: Any, optimize: None = None, _frames_up: int = 0, *args: Any, **kwargs: Any) -> Any:
            # a class finds its names in the frame that asked for it, which is one further up
            with self._patches.suspended(), self._books.forwards.suspended():
                return original(obj, optimize, _frames_up + 1, *args, **kwargs)

        return script


def _is_weighted(weights: Any) -> bool:
    """Whether a root was given a gradient of the caller's own."""
    return not isinstance(weights, tuple | list) or any(weight is not None for weight in weights)


def _is_loop(frame: FrameType) -> bool:
    """Whether a `for` statement itself asks for an iterator here, and no call of iter()."""
    code = frame.f_code.co_code
    return 0 <= frame.f_lasti < len(code) and code[frame.f_lasti] == dis.opmap["GET_ITER"]


def _can_look() -> bool:
    """Not inside a compiler, a tracer, a function transform, or a checkpoint that computes again."""
    return not is_compiling() and _functorch_level() is None and _task_id() == -1 and not _tracing()

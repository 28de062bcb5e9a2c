### ما تشترك فيه عدة صفحات. النصوص بسيطة وهادئة ودقيقة، ولا تلوم أحدًا.

foot = Tenure يعتني بجلستك.
foot-request = الطلب { $request }

start-page = الانتقال إلى صفحة البداية

field-name = الاسم أو عنوان البريد الإلكتروني
field-password = كلمة المرور

## الأوقات والمقادير

moment =
    { $day } { $month ->
        [1] يناير
        [2] فبراير
        [3] مارس
        [4] أبريل
        [5] مايو
        [6] يونيو
        [7] يوليو
        [8] أغسطس
        [9] سبتمبر
        [10] أكتوبر
        [11] نوفمبر
       *[12] ديسمبر
    } { $year }، { $clock } بالتوقيت العالمي

span-second =
    { $count ->
        [zero] { $count } ثانية
        [one] ثانية واحدة
        [two] ثانيتين
        [few] { $count } ثوانٍ
        [many] { $count } ثانية
       *[other] { $count } ثانية
    }
span-minute =
    { $count ->
        [zero] { $count } دقيقة
        [one] دقيقة واحدة
        [two] دقيقتين
        [few] { $count } دقائق
        [many] { $count } دقيقة
       *[other] { $count } دقيقة
    }
span-hour =
    { $count ->
        [zero] { $count } ساعة
        [one] ساعة واحدة
        [two] ساعتين
        [few] { $count } ساعات
        [many] { $count } ساعة
       *[other] { $count } ساعة
    }

size-bytes =
    { $count ->
        [zero] { $count } بايت
        [one] بايت واحد
        [two] { $count } بايت
        [few] { $count } بايت
        [many] { $count } بايت
       *[other] { $count } بايت
    }
size-kib = { $count } كيلوبايت
size-mib = { $count } ميغابايت

## المتصفحات

# يبدأ الاسم بعلامة اتجاه حتى يُقرأ كله من اليمين إلى اليسار.
device = { "\u200F" }{ $browser } على { $system }
device-other-browser = متصفح آخر
